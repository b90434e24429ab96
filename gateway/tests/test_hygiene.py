"""What a client may tell the services, and what a service may tell a client."""

import re
from collections.abc import Callable

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDict
from quill_gateway.headers import Incoming, outgoing
from quill_gateway.testing.doubles import FakeService, Person
from quill_gateway.testing.running import StartGateway

UNIT = "/api/organizations"
NEVER_FORWARDED = {
    "Authorization": "Bearer stolen",
    "Connection": "keep-alive, X-Nominated",
    "X-Nominated": "1",
    "Forwarded": "for=10.0.0.1",
    "Keep-Alive": "timeout=5",
    "Proxy-Authorization": "Basic x",
    "Proxy-Connection": "keep-alive",
    "TE": "trailers",
    "Upgrade": "h2c",
    "X-Forwarded-Host": "evil",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "10.0.0.1",
    "X-Quill-Refresh-Token": "stolen",
    "x-quill-anything": "1",
    "X_Quill_Refresh_Token": "stolen",
    "X_Forwarded_For": "10.0.0.1",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Prefix": "/internal",
    "X-Quill-Pending": "none",
    "X-Quill-Revoked-Sessions": "11111111-1111-4111-8111-111111111111",
    "X_Request_ID": "forged",
    "Proxy-Anything": "1",
}


async def test_inner_and_hop_by_hop_headers_of_a_client_go_no_further(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    answer = await client.get(UNIT, headers=person.headers() | NEVER_FORWARDED)
    assert answer.status == 200
    seen = services["orgs"].last.headers
    left = {name for name in NEVER_FORWARDED if name in seen} - {"Authorization", "X-Forwarded-For"}
    assert not left
    assert seen.getall("Authorization") == [f"Bearer {person.access}"]
    assert seen.getall("X-Forwarded-For") == ["127.0.0.1"]


@pytest.mark.parametrize("case", [str.lower, str.upper, str.swapcase])
async def test_a_header_is_the_same_in_any_spelling(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person, case: Callable[[str], str]
) -> None:
    sent = {case(name): value for name, value in NEVER_FORWARDED.items()}
    await client.post("/api/auth/login", headers=sent | {"Cookie": person.cookie}, json={})
    seen = services["auth"].last.headers
    assert {name for name in NEVER_FORWARDED if name in seen} == {"X-Forwarded-For"}
    assert seen.getall("X-Forwarded-For") == ["127.0.0.1"]


async def test_what_the_gateway_tells_cannot_be_taken_out_by_nominating_it(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    nominated = "keep-alive, Authorization, X-Forwarded-For, X-Request-ID, X-Quill-Refresh-Token, Cookie, Content-Type"
    await client.get(UNIT, headers=person.headers() | {"Connection": nominated, "X-Request-ID": "mine"})
    seen = services["orgs"].last.headers
    assert seen.getall("Authorization") == [f"Bearer {person.access}"]
    assert seen.getall("X-Forwarded-For") == ["127.0.0.1"]
    assert seen.getall("X-Request-ID") == ["mine"]
    cookie = {"Cookie": "refresh_token=own", "X-Quill-Refresh-Token": "stolen", "Connection": nominated}
    await client.post("/api/auth/refresh", headers=cookie)
    assert services["auth"].last.headers.getall("X-Quill-Refresh-Token") == ["own"]


async def test_harmless_headers_reach_the_service_unchanged(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    sent = CIMultiDict(person.headers())
    sent.extend([("If-Match", 'W/"3"'), ("Idempotency-Key", "k-1"), ("Accept", "a/b"), ("X-A", "1"), ("X-A", "2")])
    await client.get(UNIT + "?limit=5&cursor=a%2Bb", headers=sent)
    seen = services["orgs"].last
    assert seen.target == UNIT + "?limit=5&cursor=a%2Bb"
    assert (seen.headers["If-Match"], seen.headers["Idempotency-Key"]) == ('W/"3"', "k-1")
    assert seen.headers.getall("X-A") == ["1", "2"]
    assert seen.headers.getall("Accept") == ["a/b"]
    assert "Accept-Encoding" not in seen.headers
    assert seen.headers["Host"] == services["orgs"].url.removeprefix("http://")


async def test_a_proper_request_id_goes_all_the_way_and_another_is_replaced(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    answer = await client.get(UNIT, headers=person.headers() | {"X-Request-ID": "Ab-1._z"})
    assert answer.headers.getall("X-Request-ID") == ["Ab-1._z"]
    assert services["orgs"].last.headers.getall("X-Request-ID") == ["Ab-1._z"]
    for improper in ("", "a b", "x" * 65, "é", "a\tb", '{"a":1}'):
        answer = await client.get(UNIT, headers=person.headers() | {"X-Request-ID": improper})
        assert answer.headers["X-Request-ID"] != improper
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])
        assert services["orgs"].last.headers["X-Request-ID"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", UNIT), ("GET", "/nowhere"), ("PUT", UNIT), ("GET", "/api/health"), ("GET", "/health/live")],
)
async def test_every_answer_says_what_browsers_may_do_with_it_and_which_request_it_was(
    client: aiohttp.ClientSession, method: str, path: str
) -> None:
    answer = await client.request(method, path)
    assert answer.headers.getall("Cache-Control") == ["no-store"]
    assert answer.headers.getall("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers.getall("Content-Security-Policy") == [
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ]
    assert answer.headers.getall("Referrer-Policy") == ["no-referrer"]
    assert answer.headers.getall("Cross-Origin-Resource-Policy") == ["same-origin"]
    assert answer.headers.getall("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
    assert len(answer.headers.getall("X-Request-ID")) == 1
    assert "Server" not in answer.headers
    assert answer.content_type == "application/json"


async def test_where_cookies_go_without_https_browsers_are_not_told_to_insist_on_it(
    start_gateway: StartGateway,
) -> None:
    url = await start_gateway(secure_cookies=False)
    async with aiohttp.ClientSession(base_url=url) as client:
        answer = await client.get("/api/health")
        assert "Strict-Transport-Security" not in answer.headers
        assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_service_does_not_loosen_what_browsers_are_told(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    loose = {
        "Content-Security-Policy": "default-src *",
        "Referrer-Policy": "unsafe-url",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Strict-Transport-Security": "max-age=0",
    }

    async def careless(_: web.Request) -> web.Response:
        return web.json_response({}, headers=loose)

    services["orgs"].answer = careless
    answer = await client.get(UNIT, headers=person.headers())
    for name, value in loose.items():
        (told,) = answer.headers.getall(name)
        assert told != value


async def test_a_services_inner_headers_stay_inside_and_the_others_pass(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    async def talkative(_: web.Request) -> web.Response:
        headers = CIMultiDict(
            {
                "Server": "secret/1",
                "X-Quill-Inner": "1",
                "X-Quill-Pending": "letters, messaging",
                "Cache-Control": "public",
                "X-Request-ID": "other",
                "Access-Control-Allow-Origin": "*",
                "Keep-Alive": "timeout=9",
                "ETag": 'W/"4"',
                "Retry-After": "7",
            }
        )
        headers.add("Set-Cookie", "access_token=a; Path=/; HttpOnly")
        headers.add("Set-Cookie", "XSRF-TOKEN=b; Path=/")
        return web.json_response({"made": 1}, status=201, headers=headers)

    services["orgs"].answer = talkative
    answer = await client.get(UNIT, headers=person.headers())
    assert (answer.status, await answer.json()) == (201, {"made": 1})
    assert not {"Server", "X-Quill-Inner", "Access-Control-Allow-Origin", "Keep-Alive"} & set(answer.headers)
    assert answer.headers["X-Quill-Pending"] == "letters, messaging"
    assert (answer.headers["ETag"], answer.headers["Retry-After"]) == ('W/"4"', "7")
    assert answer.headers.getall("Cache-Control") == ["no-store"]
    assert answer.headers["X-Request-ID"] != "other"
    assert answer.headers.getall("Set-Cookie") == ["access_token=a; Path=/; HttpOnly", "XSRF-TOKEN=b; Path=/"]
    assert len(answer.headers.getall("Date")) == 1


async def test_the_clients_address_is_the_connections_unless_a_trusted_proxy_says_otherwise(
    client: aiohttp.ClientSession,
    services: dict[str, FakeService],
    start_gateway: StartGateway,
    person: Person,
) -> None:
    claimed = person.headers() | {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.1.1"}
    await client.get(UNIT, headers=claimed)
    assert services["orgs"].last.headers.getall("X-Forwarded-For") == ["127.0.0.1"]
    behind_proxy = await start_gateway(trusted_proxies="127.0.0.0/8, 10.0.0.0/8")
    await client.get(behind_proxy + UNIT, headers=claimed)
    assert services["orgs"].last.headers.getall("X-Forwarded-For") == ["203.0.113.9"]


async def test_addresses_that_a_client_makes_up_do_not_change_whom_it_is_counted_as(
    client: aiohttp.ClientSession, services: dict[str, FakeService], start_gateway: StartGateway
) -> None:
    """Rate limits of the services count by the one address that they are told."""
    proxied = await start_gateway(trusted_proxies="127.0.0.0/8")
    body = {"username": "ada", "password": "guess"}
    for number in range(8):
        made_up = [("X-Forwarded-For", f"198.51.100.{number}"), ("X-Forwarded-For", f"203.0.113.{number}")]
        headers = CIMultiDict([*made_up, ("Forwarded", f"for=192.0.2.{number}"), ("X-Real-IP", f"192.0.2.{number}")])
        await client.post("/api/auth/login", json=body, headers=headers)
        assert services["auth"].last.headers.getall("X-Forwarded-For") == ["127.0.0.1"]
        # Behind a proxy, which adds on the right the address that it saw.
        headers.add("X-Forwarded-For", "192.0.2.200")
        await client.post(f"{proxied}/api/auth/login", json=body, headers=headers)
        assert services["auth"].last.headers.getall("X-Forwarded-For") == ["192.0.2.200"]


async def test_a_rate_limit_passes_unchanged(client: aiohttp.ClientSession, services: dict[str, FakeService]) -> None:
    text = "Rate limit exceeded: 5 per 1 minute"

    async def limited(_: web.Request) -> web.Response:
        return web.json_response({"error": text, "detail": text}, status=429, headers={"Retry-After": "42"})

    services["auth"].answer = limited
    answer = await client.post("/api/auth/login", json={"username": "ada", "password": "guess"})
    assert (answer.status, await answer.json()) == (429, {"error": text, "detail": text})
    assert answer.headers["Retry-After"] == "42"


def test_headers_that_a_service_nominates_are_for_its_own_connection() -> None:
    headers, _ = outgoing([(b"Connection", b"close, X-Hop"), (b"X-Hop", b"1"), (b"X-End", b"2")])
    assert headers == [(b"X-End".lower(), b"2")]


def test_cookies_with_strange_forms_do_not_confuse_the_reading() -> None:
    raw = b'a=b=c;; access_token=x=y ;=;XSRF-TOKEN; refresh_token="q"; access_token=second; \xff=\xfe'
    incoming = Incoming([(b"cookie", raw), (b"cookie", b"refresh_token=later")])
    assert incoming.cookies() == {b"access_token": "x=y", b"XSRF-TOKEN": "", b"refresh_token": '"q"'}
