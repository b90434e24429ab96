"""Whatever a client sends, the answer is a 4xx, and nothing strange reaches a service."""

import asyncio
import json

import aiohttp
import pytest
from quill_gateway.testing.doubles import FakeService, Person
from quill_gateway.testing.running import StartGateway

UNIT = "/api/organizations"


async def raw(url: str, *parts: bytes, pause: float = 0.0) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; read until the server closes or falls silent."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    received = b""
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(60):
            while chunk := await reader.read(65536):
                received += chunk
                head, separator, body = received.partition(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                if separator and length and len(body) >= int(length):
                    break
    finally:
        writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, body


def get(target: bytes, *headers: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + b"".join(h + b"\r\n" for h in headers) + b"\r\n"


def post(person: Person, *headers: bytes) -> bytes:
    own = [f"Cookie: {person.cookie}".encode(), f"X-CSRF-Token: {person.csrf}".encode()]
    return b"POST /api/organizations HTTP/1.1\r\nHost: x\r\n" + b"\r\n".join([*own, *headers]) + b"\r\n\r\n"


async def test_an_unknown_path_and_a_wrong_method_are_told_apart(client: aiohttp.ClientSession) -> None:
    answer = await client.get("/api/nowhere")
    assert (answer.status, await answer.json()) == (404, {"detail": "Not Found"})
    for method in ("DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"):
        answer = await client.request(method, UNIT)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
    assert await (await client.delete(UNIT)).json() == {"detail": "Method Not Allowed"}


@pytest.mark.parametrize(
    "path",
    [
        "/internal/events",
        "/metrics/x",
        "/health/store",
        "/.well-known/jwks.json",
        "/api/internal",
        "/openapi.json",
    ],
)
async def test_what_services_keep_inside_cannot_be_reached(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person, path: str
) -> None:
    assert (await client.get(path, headers=person.headers())).status == 404
    assert not any(service.received for service in services.values())


@pytest.mark.parametrize(
    "target",
    [
        b"/api/users/../organizations",
        b"/api/users/%2e%2e/%2e%2e/internal/events",
        b"/api/users/1%2f..%2f..%2finternal",
        b"//internal/events",
        b"/internal//keys",
        b"/%69nternal/keys",
        b"/%2finternal/keys",
        b"/%2Finternal%2Fkeys",
        b"/%5cinternal/keys",
        b"/api/../internal/keys",
        b"/api/..%2finternal/keys",
        b"/api/%2e%2e/internal/keys",
        b"/api/..;/internal/keys",
        b"/api/organizations/;/../../internal/keys",
        b"/api/organizations/1/%2e%2e%2f%2e%2e%2f%2e%2e%2finternal",
        b"/api/organizations/%252e%252e/%252e%252e/internal/keys",
        b"/api/auth/login/../../../internal/keys",
        b"/./internal/keys",
        b"/internal/keys/rotate?now=true",
        b"/internal/users/1/deactivate",
        b"/internal/revocations",
        b"/INTERNAL/keys",
        b"http://127.0.0.1:8101/internal/keys",
        b"/.well-known/../internal/keys",
        b"/api/users/%00",
        b"/api/users/%ff%fe",
        b"/api/users\\1",
        b"/api/organizations%3Fx",
        b"/api/organizations;x",
        b"*",
    ],
)
async def test_ambiguous_targets_are_not_found(
    gateway: str, services: dict[str, FakeService], person: Person, target: bytes
) -> None:
    status, _, _ = await raw(gateway, get(target, f"Cookie: {person.cookie}".encode()))
    assert status == 404
    assert not any(service.received for service in services.values())


async def test_an_absolute_target_goes_to_the_same_place_as_a_plain_one(
    gateway: str, services: dict[str, FakeService], person: Person
) -> None:
    target = b"http://elsewhere.example/api/organizations"
    status, _, _ = await raw(gateway, get(target, f"Cookie: {person.cookie}".encode()))
    assert (status, services["orgs"].last.target) == (200, UNIT)


async def test_the_raw_path_reaches_the_service_as_it_was_sent(
    gateway: str, services: dict[str, FakeService], person: Person
) -> None:
    cookie = f"Cookie: {person.cookie}".encode()
    for uid in (b"2f6c::quill::1", b"2f6c%3A%3aquill::1", b"a%20b%C3%A9", b"%252e%252e"):
        status, _, _ = await raw(gateway, get(b"/api/patients/p/letters/" + uid + b"?a=%2F&b=%00#f", cookie))
        assert status == 200
        assert services["letters"].last.target == f"/api/patients/p/letters/{uid.decode()}?a=%2F&b=%00"


@pytest.mark.parametrize(
    "query", [b"?\xff\xfe", b"?a=\xc3\xa9", b'?a=[1]{2}|"<>^`', b"?" + b"?" * 50, b"?%zz", b"?%00"]
)
async def test_a_strange_query_never_breaks_anything(gateway: str, person: Person, query: bytes) -> None:
    status, _, _ = await raw(gateway, get(UNIT.encode() + query, f"Cookie: {person.cookie}".encode()))
    assert status in {200, 400}


async def test_strange_header_values_never_break_anything(
    gateway: str, services: dict[str, FakeService], person: Person
) -> None:
    cookie = f"Cookie: {person.cookie}".encode()
    for value in (b"\xff\xfe", b"\xc3\xa9", b"\x85\xa0", b"a\tb", b"", b"'\"();<>", b"x" * 8000):
        status, _, _ = await raw(gateway, get(UNIT.encode(), cookie, b"Idempotency-Key: " + value))
        assert status == 200, value
    for line in (
        b"X-Bad\x00: 1",
        b"X: \x00",
        b": empty",
        b"X Y: 1",
        b"Content-Length: -1",
        b"Content-Length: 1x",
    ):
        status, _, _ = await raw(gateway, get(UNIT.encode(), cookie, line))
        assert status == 400, line


async def test_oversized_targets_and_headers_are_refused(gateway: str, person: Person) -> None:
    status, headers, body = await raw(gateway, get(b"/api/users?" + b"a" * 9000))
    assert (status, json.loads(body)) == (414, {"detail": "URI too long"})
    status, headers, body = await raw(gateway, get(b"/api/users", b"X-A: " + b"a" * 40_000))
    assert (status, json.loads(body)) == (431, {"detail": "Request header fields too large"})
    assert headers["connection"] == "close"


async def test_smuggling_by_two_lengths_is_refused(
    gateway: str, services: dict[str, FakeService], person: Person
) -> None:
    for lines in (
        (b"Content-Length: 2", b"Content-Length: 3"),
        (b"Content-Length: 2", b"Content-Length: 2"),
        (b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked", b"Content-Length: 2"),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Content-Length: 2, 2",),
    ):
        status, _, _ = await raw(gateway, post(person, *lines) + b"{}")
        assert status == 400, lines
    assert not services["orgs"].received


async def test_a_second_request_hidden_in_a_body_is_a_body(
    gateway: str, services: dict[str, FakeService], person: Person
) -> None:
    hidden = get(b"/internal/keys", b"Authorization: Bearer stolen")
    length = f"Content-Length: {len(hidden)}".encode()
    status, _, _ = await raw(gateway, post(person, length) + hidden)
    assert status == 200
    (seen,) = services["orgs"].received
    assert seen.body == hidden
    for lines in (
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding : chunked",),
        (b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
        (b"Transfer-Encoding: identity", length),
        (b"Content-Length: +5",),
        (b"Content-Length: 0x10",),
        (b"Content-Length : 5",),
        (b"Content-Length: 5\x0b",),
        (b"X: 1\rTransfer-Encoding: chunked", length),
    ):
        status, _, _ = await raw(gateway, post(person, *lines) + b"0\r\n\r\n" + hidden)
        assert status == 400, lines
    (only,) = services["orgs"].received
    assert only is seen


@pytest.mark.parametrize("fold", [b"\r\n ", b"\r\n\t", b"\n ", b"\r "])
async def test_a_folded_header_tells_a_service_nothing(
    gateway: str, services: dict[str, FakeService], person: Person, fold: bytes
) -> None:
    """RFC 9112, 5.2: a server refuses folded lines, or reads them as one value with blanks."""
    folded = b"X-Harmless: 1" + fold + b"X-Quill-Refresh-Token: stolen" + fold + b"Authorization: Bearer stolen"
    status, _, _ = await raw(gateway, get(UNIT.encode(), f"Cookie: {person.cookie}".encode(), folded))
    assert status in (200, 400)
    for seen in services["orgs"].received:
        assert "X-Quill-Refresh-Token" not in seen.headers
        assert seen.headers.getall("Authorization") == [f"Bearer {person.access}"]


async def test_of_two_hosts_neither_reaches_a_service(
    gateway: str, services: dict[str, FakeService], person: Person
) -> None:
    lines = (f"Cookie: {person.cookie}".encode(), b"Host: internal", b"X-Forwarded-Host: internal")
    status, _, _ = await raw(gateway, get(UNIT.encode(), *lines))
    assert status in (200, 400)
    for seen in services["orgs"].received:
        assert seen.headers.getall("Host") == [services["orgs"].url.removeprefix("http://")]


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(
    gateway: str, services: dict[str, FakeService], person: Person
) -> None:
    waiting = post(person, b"Content-Length: 1048577", b"Expect: 100-continue")
    status, headers, body = await raw(gateway, waiting)
    assert (status, json.loads(body)) == (413, {"detail": "Request body too large"})
    assert headers["connection"] == "close"
    assert not services["orgs"].received


async def test_a_body_that_turns_out_too_large_is_refused_and_never_complete_at_the_service(
    start_gateway: StartGateway, services: dict[str, FakeService], person: Person
) -> None:
    url = await start_gateway(body_limit=100_000)
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    status, _, body = await raw(url, post(person, b"Transfer-Encoding: chunked"), *[chunk] * 4, pause=0.01)
    assert (status, json.loads(body)) == (413, {"detail": "Request body too large"})
    assert not services["orgs"].received


async def test_a_body_of_exactly_the_limit_passes(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    content = bytes(range(256)) * 4096
    answer = await client.post(UNIT, headers=person.headers(csrf=True), data=content)
    assert answer.status == 200
    assert services["orgs"].last.body == content


async def test_a_body_that_does_not_come_is_waited_for_only_so_long(
    start_gateway: StartGateway, services: dict[str, FakeService], person: Person
) -> None:
    url = await start_gateway(upload_seconds=0.2)
    for sent in (b"", b"{"):
        status, _, body = await raw(url, post(person, b"Content-Length: 20") + sent)
        assert (status, json.loads(body)) == (408, {"detail": "Request timeout"})
    assert not services["orgs"].received


async def test_a_client_that_leaves_while_sending_leaves_nothing_at_the_service(
    gateway: str, services: dict[str, FakeService], person: Person, client: aiohttp.ClientSession
) -> None:
    host, port = gateway.removeprefix("http://").split(":")
    for sent in (b"", b'{"name":'):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(post(person, b"Content-Length: 20") + sent)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
    await asyncio.sleep(0.1)
    assert not services["orgs"].received
    assert (await client.get(UNIT, headers=person.headers())).status == 200


async def test_a_websocket_is_not_opened(gateway: str) -> None:
    upgrade = (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Key: eA==",
        b"Sec-WebSocket-Version: 13",
    )
    status, _, _ = await raw(gateway, get(UNIT.encode(), *upgrade))
    assert status == 401
