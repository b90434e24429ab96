"""The session that a browser has when it signs in: auth ends it with the one it begins."""

import uuid

import aiohttp
import pytest
from aiohttp import web
from quill_gateway.testing.doubles import FakeAuth, FakeService, Person
from quill_gateway.testing.running import StartGateway

LOGIN = "/api/auth/login"
UNIT = "/api/organizations"
HELD = "X-Quill-Held-Session"


async def passed_on(client: aiohttp.ClientSession, auth: FakeService, **headers: str) -> list[str]:
    """What auth is told of the held session at a sign-in."""
    answer = await client.post(LOGIN, headers=headers, json={"username": "ada", "password": "x"})
    assert answer.status == 200
    return auth.last.headers.getall(HELD, [])


async def test_a_sign_in_tells_auth_which_session_the_browser_has(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    assert await passed_on(client, auth, Cookie=person.cookie) == [person.session_id]
    assert "Authorization" not in auth.last.headers
    assert "Cookie" not in auth.last.headers


@pytest.mark.parametrize("cookie", [None, "", "access_token=", "access_token=rubbish", "access_token=a.b.c", "other=1"])
async def test_without_a_good_cookie_there_is_none(
    client: aiohttp.ClientSession, auth: FakeAuth, cookie: str | None
) -> None:
    assert await passed_on(client, auth, **({} if cookie is None else {"Cookie": cookie})) == []


async def test_a_cookie_of_another_kind_or_time_is_ignored(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    refresh = auth.signer.refresh(7, person.session_id, lifetime=60)
    for token in (person.csrf, refresh, person.access + "x", auth.sign_in(lifetime=-60).access):
        assert await passed_on(client, auth, Cookie=f"access_token={token}") == []


async def test_a_session_that_has_ended_is_not_named(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    async def replace(_: web.Request) -> web.Response:
        return web.json_response({"detail": "ok"}, headers={"X-Quill-Revoked-Sessions": person.session_id})

    auth.answer = replace
    assert await passed_on(client, auth, Cookie=person.cookie) == [person.session_id]
    refused = await client.get(UNIT, headers=person.headers())
    assert (refused.status, await refused.json()) == (401, {"detail": "Invalid token"})
    assert await passed_on(client, auth, Cookie=person.cookie) == []


async def test_a_client_cannot_name_one(client: aiohttp.ClientSession, auth: FakeAuth, person: Person) -> None:
    for name in (HELD, HELD.lower(), HELD.replace("-", "_")):
        made_up = {name: str(uuid.uuid4())}
        assert await passed_on(client, auth, **made_up) == []
        assert await passed_on(client, auth, Cookie=person.cookie, **made_up) == [person.session_id]
    nominated = {"Connection": f"keep-alive, {HELD}", "Cookie": person.cookie}
    assert await passed_on(client, auth, **nominated) == [person.session_id]


@pytest.mark.parametrize(
    "path", ["/api/auth/register", "/api/auth/forgot-password", "/api/auth/reset-password", "/api/auth/logout"]
)
async def test_no_other_call_is_told(client: aiohttp.ClientSession, auth: FakeAuth, person: Person, path: str) -> None:
    await client.post(path, headers={"Cookie": person.cookie, HELD: person.session_id}, json={})
    assert HELD not in auth.last.headers


async def test_while_it_cannot_be_told_signing_in_still_works(
    start_gateway: StartGateway, auth: FakeAuth, person: Person
) -> None:
    auth.broken = True
    url = await start_gateway(wait_until_ready=False)
    async with aiohttp.ClientSession(base_url=url) as client:
        assert await passed_on(client, auth, Cookie=person.cookie) == []


async def test_another_sites_page_ends_no_session(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    headers = {"Cookie": person.cookie, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = await client.post(LOGIN, headers=headers, json={})
    assert answer.status == 403
    assert not auth.received
