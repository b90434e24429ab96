"""Who may pass: cookies, sessions, CSRF, and in which order they are looked at."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from quill_common.identity import ServiceTokens
from quill_common.testing.forged import forged, good
from quill_gateway import background
from quill_gateway.testing.doubles import FakeAuth, FakeService, Person
from quill_gateway.testing.running import SOONER_THAN_THE_NEXT_POLL, StartGateway, eventually

UNIT = "/api/organizations"


async def told(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    return answer.status, (await answer.json())["detail"]


async def test_someone_signed_in_passes_with_a_bearer_token_and_no_cookies(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    answer = await client.get(UNIT, headers=person.headers())
    assert (answer.status, await answer.json()) == (200, {"from": "orgs"})
    seen = services["orgs"].last.headers
    assert seen["Authorization"] == f"Bearer {person.access}"
    assert "Cookie" not in seen


@pytest.mark.parametrize("cookie", [None, "", "other=1", "access_token=", "Access_Token=x", "xaccess_token=x"])
async def test_without_the_cookie_nobody_is_authenticated(
    client: aiohttp.ClientSession, services: dict[str, FakeService], cookie: str | None
) -> None:
    headers = {} if cookie is None else {"Cookie": cookie}
    assert await told(await client.get(UNIT, headers=headers)) == (401, "Not authenticated")
    assert not services["orgs"].received


async def test_a_token_of_the_wrong_kind_is_invalid(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    refresh = auth.signer.refresh(7, person.session_id, lifetime=60)
    for token in ("rubbish", "a.b.c", person.csrf, refresh, person.access + "x", person.access[:-9], "é"):
        answer = await client.get(UNIT, headers={"Cookie": f"access_token={token}"})
        assert await told(answer) == (401, "Invalid token")


async def test_every_forged_token_is_refused_at_the_door(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth, tmp_path: Path
) -> None:
    assert (await client.get(UNIT, headers={"Cookie": f"access_token={good(auth.keys)}"})).status == 200
    services["orgs"].received.clear()
    service_token = ServiceTokens("orgs", tmp_path / "keys" / "services" / "orgs.pem").token("auth")

    async def answered(token: str) -> tuple[int, str]:
        return await told(await client.get(UNIT, headers={"Cookie": f"access_token={token}"}))

    tokens = forged(auth.keys, service_token)
    answers = await asyncio.gather(*map(answered, tokens.values()))  # at once: unknown key ids wait for one fetch
    assert dict(zip(tokens, answers, strict=True)) == dict.fromkeys(tokens, (401, "Invalid token"))
    assert not services["orgs"].received


async def test_a_key_that_was_revoked_is_not_believed_for_long(
    start_gateway: StartGateway, auth: FakeAuth, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "KEYS_SECONDS", 0.1)
    url = await start_gateway()
    async with aiohttp.ClientSession(base_url=url) as client:
        assert (await client.get(UNIT, headers=person.headers())).status == 200
        auth.keys.rings["access"].replace_all()

        async def refused() -> bool:
            return (await client.get(UNIT, headers=person.headers())).status == 401

        await eventually(refused)
        assert (await client.get(UNIT, headers=auth.sign_in().headers())).status == 200


async def test_the_authorization_header_of_a_client_counts_for_nothing(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth, person: Person
) -> None:
    bearer = {"Authorization": f"Bearer {person.access}"}
    assert await told(await client.get(UNIT, headers=bearer)) == (401, "Not authenticated")
    other = auth.sign_in(8)
    await client.get(UNIT, headers=person.headers() | {"Authorization": f"Bearer {other.access}"})
    assert services["orgs"].last.headers.getall("Authorization") == [f"Bearer {person.access}"]


async def test_a_token_stops_working_when_it_expires(client: aiohttp.ClientSession, auth: FakeAuth) -> None:
    person = auth.sign_in(lifetime=1)  # and two seconds more, by which clocks may differ
    assert (await client.get(UNIT, headers=person.headers())).status == 200

    async def refused() -> bool:
        return (await client.get(UNIT, headers=person.headers())).status == 401

    await eventually(refused)
    assert await told(await client.get(UNIT, headers=person.headers())) == (401, "Invalid token")


async def test_a_session_that_ended_elsewhere_is_refused_sooner_than_the_next_poll(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    other = auth.sign_in()
    assert (await client.get(UNIT, headers=person.headers())).status == 200
    await auth.end(person.session_id)

    async def refused() -> bool:
        return (await client.get(UNIT, headers=person.headers())).status == 401

    await eventually(refused, SOONER_THAN_THE_NEXT_POLL)
    assert await told(await client.get(UNIT, headers=person.headers())) == (401, "Invalid token")
    assert (await client.get(UNIT, headers=other.headers())).status == 200


@pytest.mark.parametrize(
    ("header", "cookie"),
    [
        (None, "own"),
        ("own", None),
        ("", "own"),
        ("own", "other"),
        ("other", "other"),
        ("access", "access"),
        ("own", "own-and-more"),
        ("own-and-more", "own-and-more"),
        ("tampered", "tampered"),
        ("expired", "expired"),
        ("refresh", "refresh"),
        ("another user's", "another user's"),
    ],
)
async def test_a_changing_call_needs_the_sessions_own_csrf_token_twice(
    client: aiohttp.ClientSession,
    services: dict[str, FakeService],
    auth: FakeAuth,
    person: Person,
    header: str | None,
    cookie: str | None,
) -> None:
    head, _, signature = person.csrf.split(".")
    signer, session = auth.signer, person.session_id
    tokens = {
        "tampered": f"{head}.{auth.sign_in(7).csrf.split('.')[1]}.{signature}",
        "expired": signer.csrf(7, session, lifetime=-60),
        "refresh": signer.refresh(7, session, lifetime=60),
        "another user's": auth.sign_in(8).csrf,
        "own": person.csrf,
        "other": auth.sign_in(7).csrf,
        "access": person.access,
        "own-and-more": person.csrf + "x",
        "": "",
    }
    headers = {"Cookie": f"access_token={person.access}"}
    if cookie is not None:
        headers["Cookie"] += f"; XSRF-TOKEN={tokens[cookie]}"
    if header is not None:
        headers["X-CSRF-Token"] = tokens[header]
    assert await told(await client.post(UNIT, headers=headers, json={})) == (403, "CSRF failed")
    assert not services["orgs"].received


async def test_with_the_csrf_token_a_changing_call_passes_with_its_body(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    answer = await client.post(UNIT, headers=person.headers(csrf=True), json={"name": "Ward"})
    assert answer.status == 200
    assert services["orgs"].last.body == b'{"name": "Ward"}'
    assert services["orgs"].last.headers["Content-Type"] == "application/json"


async def test_logout_and_push_subscribe_need_no_csrf_token(client: aiohttp.ClientSession, person: Person) -> None:
    for path in ("/api/auth/logout", "/api/push/subscribe"):
        assert (await client.post(path, headers=person.headers(), json={})).status == 200


async def test_being_nobody_is_said_before_a_missing_csrf_token(client: aiohttp.ClientSession) -> None:
    assert await told(await client.post(UNIT, json={})) == (401, "Not authenticated")


async def test_public_routes_take_no_credentials_along(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    for cookie in (person.cookie, "access_token=rubbish", "refresh_token=secret"):
        answer = await client.post("/api/auth/login", headers={"Cookie": cookie}, json={})
        assert answer.status == 200
        seen = services["auth"].last.headers
        assert not {"Authorization", "Cookie", "X-Quill-Refresh-Token"} & set(seen)


async def test_refresh_takes_its_own_cookie_and_nothing_else(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    cookie = f"{person.cookie}; refresh_token=the-refresh-token"
    answer = await client.post("/api/auth/refresh", headers={"Cookie": cookie})
    assert answer.status == 200
    seen = services["auth"].last.headers
    assert seen["X-Quill-Refresh-Token"] == "the-refresh-token"
    assert not {"Authorization", "Cookie"} & set(seen)
    without = await client.post("/api/auth/refresh", headers={"Cookie": person.cookie})
    assert await told(without) == (401, "No refresh token")


async def test_of_two_cookies_with_one_name_the_first_counts(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth, person: Person
) -> None:
    other = auth.sign_in(8)
    cookie = f"access_token={person.access}; access_token={other.access}"
    await client.get(UNIT, headers={"Cookie": cookie})
    assert services["orgs"].last.headers["Authorization"] == f"Bearer {person.access}"
