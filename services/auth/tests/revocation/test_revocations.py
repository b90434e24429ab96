"""What the gateway hears of ended sessions."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from quill_auth.events import SessionRevoked
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

PATH = "/internal/revocations"


@pytest.fixture
def gateway(kit: ServiceKit) -> httpx.AsyncClient:
    return kit.service("gateway")


async def ask(gateway: httpx.AsyncClient, **params: Any) -> tuple[str, list[str]]:
    response = await gateway.get(PATH, params=params)
    assert response.status_code == 200, response.text
    body = response.json()
    assert isinstance(body["cursor"], str)
    return body["cursor"], [session["sid"] for session in body["sessions"]]


async def test_without_a_cursor_it_tells_all_that_still_matter(
    kit: ServiceKit, people: People, gateway: httpx.AsyncClient
) -> None:
    ada, ben, _ = [await people.visitor() for _ in range(3)]
    for visitor in (ada, ben):
        await visitor.client.post("/api/auth/logout")
    old = "UPDATE session SET ended_at = ended_at - interval '20 minutes' WHERE user_id = :id"
    await kit.write(text(old), {"id": ben.id})
    response = (await gateway.get(PATH)).json()
    assert [session["sid"] for session in response["sessions"]] == [await people.session_of(ada)]
    claims = await kit.parts.tokens.access(ada.access)
    assert claims.expires_at <= response["sessions"][0]["until"] <= claims.expires_at + 120


async def test_a_waiting_gateway_hears_at_once(kit: ServiceKit, people: People, gateway: httpx.AsyncClient) -> None:
    ada = await people.visitor()
    cursor, _ = await ask(gateway)
    waiting = asyncio.create_task(ask(gateway, after=cursor, wait=20))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await ada.client.post("/api/auth/logout")
    after, sessions = await waiting
    assert time.monotonic() - started < 15
    assert sessions == [await people.session_of(ada)]
    assert await ask(gateway, after=after) == (after, [])


async def test_a_wait_without_revocations_ends_and_moves_on(
    kit: ServiceKit, people: People, gateway: httpx.AsyncClient
) -> None:
    cursor, _ = await ask(gateway)
    await people.account()
    started = time.monotonic()
    after, sessions = await ask(gateway, after=cursor, wait=0.3)
    assert 0.2 < time.monotonic() - started < 15
    assert sessions == []
    assert int(after) > int(cursor)


async def test_a_revocation_that_commits_late_is_not_skipped(
    kit: ServiceKit, people: People, gateway: httpx.AsyncClient
) -> None:
    ada, ben = await people.visitor(), await people.visitor()
    session = await people.session_of(ada)
    cursor, _ = await ask(gateway)
    async with kit.parts.units.open() as slow:
        await slow.publish(SessionRevoked(user_id=ada.id, session_id=session))
        await slow.write_outbox()
        slow._published.clear()
        await ben.client.post("/api/auth/logout")
        cursor, sessions = await ask(gateway, after=cursor)
        assert sessions == [await people.session_of(ben)]
    _, sessions = await ask(gateway, after=cursor)
    assert sessions == [session]


async def test_following_the_cursor_through_many_writers_misses_none(
    kit: ServiceKit, people: People, gateway: httpx.AsyncClient
) -> None:
    ada = await people.visitor()
    visitors = [await people.sign_in(ada.username) for _ in range(30)]
    expected = {await people.session_of(visitor) for visitor in visitors}
    cursor, _ = await ask(gateway)
    heard: set[str] = set()

    async def follow() -> None:
        nonlocal cursor
        while heard != expected:
            cursor, sessions = await ask(gateway, after=cursor, wait=1)
            heard.update(sessions)

    async with asyncio.timeout(60):
        await asyncio.gather(follow(), *(visitor.client.post("/api/auth/logout") for visitor in visitors))
    assert heard == expected


async def test_a_cursor_of_another_database_starts_again(
    kit: ServiceKit, people: People, gateway: httpx.AsyncClient
) -> None:
    ada = await people.visitor()
    await ada.client.post("/api/auth/logout")
    cursor, sessions = await ask(gateway, after=10_000)
    assert sessions == [await people.session_of(ada)]
    assert int(cursor) < 10_000


async def test_only_the_gateway_may_ask(kit: ServiceKit, people: People) -> None:
    root = await people.visitor("superadmin")
    assert (await kit.anonymous.get(PATH)).status_code == 401
    assert (await root.client.get(PATH)).status_code == 401
    for name in ("orgs", "operator", "auth"):
        assert (await kit.service(name).get(PATH)).status_code == 403


@pytest.mark.parametrize("params", [{"after": "x"}, {"after": -1}, {"after": 2**63}, {"wait": 21}, {"wait": "nan"}])
async def test_parameters_that_make_no_sense_are_a_422(gateway: httpx.AsyncClient, params: dict[str, Any]) -> None:
    assert (await gateway.get(PATH, params=params)).status_code == 422
