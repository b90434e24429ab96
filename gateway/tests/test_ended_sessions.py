"""How the end of a session reaches the gateway, and what happens while it cannot."""

import asyncio
import time
import uuid

import aiohttp
import pytest
from aiohttp import web
from quill_gateway.sessions import EndedSessions
from quill_gateway.testing.doubles import FakeAuth, FakeService, Person
from quill_gateway.testing.running import SOONER_THAN_THE_NEXT_POLL, StartGateway, eventually

UNIT = "/api/organizations"


async def status(url: str, person: Person) -> int:
    session = aiohttp.ClientSession(base_url=url)
    async with session, session.get(UNIT, headers=person.headers()) as answer:
        return answer.status


async def refused_soon(url: str, person: Person) -> None:
    async def refused() -> bool:
        return await status(url, person) == 401

    await eventually(refused, SOONER_THAN_THE_NEXT_POLL)


async def test_a_session_that_ended_in_this_call_is_refused_before_the_answer_leaves(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth, person: Person
) -> None:
    second = auth.sign_in()

    async def log_out(_: web.Request) -> web.Response:
        ended = f"{person.session_id}, {second.session_id.upper()}"
        return web.json_response({"detail": "ok"}, headers={"X-Quill-Revoked-Sessions": ended})

    services["auth"].answer = log_out
    answer = await client.post("/api/auth/logout", headers=person.headers())
    assert (answer.status, await answer.json()) == (200, {"detail": "ok"})
    assert "X-Quill-Revoked-Sessions" not in answer.headers
    for gone in (person, second):
        refused = await client.get(UNIT, headers=gone.headers())
        assert (refused.status, await refused.json()) == (401, {"detail": "Invalid token"})


async def test_ended_sessions_may_take_many_header_lines(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth
) -> None:
    people = [auth.sign_in() for _ in range(5)]
    others = [str(uuid.uuid4()) for _ in range(195)]

    async def set_password(_: web.Request) -> web.Response:
        response = web.json_response({})
        for person in people * 12:
            response.headers.add("X-Quill-Revoked-Sessions", ",".join([*others, person.session_id]))
        return response

    services["auth"].answer = set_password
    assert (await client.post("/api/auth/login", json={})).status == 200
    for person in people:
        assert (await client.get(UNIT, headers=person.headers())).status == 401


async def test_only_auth_can_end_sessions(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    async def pretend(_: web.Request) -> web.Response:
        return web.json_response({}, headers={"X-Quill-Revoked-Sessions": person.session_id})

    services["orgs"].answer = pretend
    answer = await client.get(UNIT, headers=person.headers())
    assert "X-Quill-Revoked-Sessions" not in answer.headers
    assert (await client.get(UNIT, headers=person.headers())).status == 200


async def test_a_gateway_that_starts_learns_of_what_ended_before(
    start_gateway: StartGateway, auth: FakeAuth, person: Person
) -> None:
    await auth.end(person.session_id)
    assert await status(await start_gateway(), person) == 401
    assert auth.asked[0] == "wait=0"


async def test_until_the_list_was_loaded_nobody_signed_in_passes(
    start_gateway: StartGateway, auth: FakeAuth, person: Person
) -> None:
    auth.broken = True
    url = await start_gateway(wait_until_ready=False)
    async with aiohttp.ClientSession(base_url=url) as session:
        answer = await session.get(UNIT, headers=person.headers())
        assert (answer.status, await answer.json()) == (503, {"detail": "Service temporarily unavailable"})
        assert int(answer.headers["Retry-After"]) > 0
        assert (await session.get(UNIT)).status == 401
        assert (await session.post("/api/auth/login", json={})).status == 200
        assert (await session.get("/health/ready")).status == 503
        auth.broken = False

        async def passes() -> bool:
            return await status(url, person) == 200

        await eventually(passes)


async def test_the_gateway_finds_back_to_an_auth_that_was_away(
    start_gateway: StartGateway, auth: FakeAuth, person: Person
) -> None:
    url = await start_gateway(revocation_wait_seconds=1)
    port = int(auth.url.rpartition(":")[2])
    await auth.stop()
    await asyncio.sleep(0.3)
    assert await status(url, person) == 200  # what is known stays known
    await auth.start(port)
    await auth.end(person.session_id)
    await refused_soon(url, person)


async def test_a_place_that_auth_forgot_means_beginning_anew(
    start_gateway: StartGateway, auth: FakeAuth, person: Person
) -> None:
    for _ in range(3):
        await auth.end(str(uuid.uuid4()))
    url = await start_gateway(revocation_wait_seconds=0)
    auth.ended = []
    await auth.end(person.session_id)
    await refused_soon(url, person)


async def test_an_idle_feed_is_asked_with_patience(start_gateway: StartGateway, auth: FakeAuth) -> None:
    await start_gateway()
    asked = len(auth.asked)
    await asyncio.sleep(0.5)
    assert len(auth.asked) - asked <= 1
    assert "after=0" in auth.asked[-1]


def test_an_ended_session_is_forgotten_only_when_its_tokens_are_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = EndedSessions(access_seconds=900)
    long, short = str(uuid.uuid4()), str(uuid.uuid4())
    now = time.time()
    ended.end(long, now + 900)
    ended.end(long, now + 5)  # an earlier end does not shorten it
    ended.end(short, now + 5)
    monkeypatch.setattr(time, "time", lambda: now + 6)
    ended.forget_dead()
    assert short in ended  # clocks may differ a little
    monkeypatch.setattr(time, "time", lambda: now + 60)
    ended.forget_dead()
    assert short not in ended
    assert long in ended
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    ended.forget_dead()
    assert len(ended) == 0


def test_what_is_no_session_id_is_refused() -> None:
    with pytest.raises(ValueError, match="badly formed"):
        EndedSessions(900).end("nobody", 0)
