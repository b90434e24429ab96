"""Streams in both directions, and answers as they are."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from quill_gateway.testing.doubles import FakeService, Person
from quill_gateway.testing.running import StartGateway, eventually

UNIT = "/api/organizations"


async def test_an_answer_streams_through_while_it_is_made(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    gate = asyncio.Event()

    async def in_two_parts(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await gate.wait()
        await response.write(b"second")
        return response

    services["orgs"].answer = in_two_parts
    answer = await client.get(UNIT, headers=person.headers())
    assert await answer.content.readany() == b"first"
    gate.set()
    assert await answer.content.read() == b"second"


async def test_a_body_streams_through_while_it_is_sent(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    pieces = [bytes([65 + n]) * 50_000 for n in range(8)]

    async def slowly() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            await asyncio.sleep(0.01)

    answer = await client.post(UNIT, headers=person.headers(csrf=True), data=slowly())
    assert answer.status == 200
    assert services["orgs"].last.body == b"".join(pieces)
    sized = person.headers(csrf=True) | {"Content-Length": "400000"}
    assert (await client.post(UNIT, headers=sized, data=slowly())).status == 200
    assert services["orgs"].last.body == b"".join(pieces)
    assert services["orgs"].last.headers["Content-Length"] == "400000"


async def test_a_large_answer_arrives_whole(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    content = bytes(range(256)) * 20_000

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=content)

    services["orgs"].answer = large
    answer = await client.get(UNIT, headers=person.headers())
    assert await answer.read() == content


async def test_a_client_that_does_not_read_does_not_keep_a_connection_to_the_service(
    start_gateway: StartGateway, services: dict[str, FakeService], person: Person
) -> None:
    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 50_000_000)

    services["orgs"].answer = large
    gateway = await start_gateway(pool_size=1, answer_seconds=2, connect_seconds=60)
    host, port = gateway.removeprefix("http://").split(":")
    _, idle = await asyncio.open_connection(host, int(port), limit=1024)
    idle.write(f"GET {UNIT} HTTP/1.1\r\nHost: x\r\nCookie: {person.cookie}\r\n\r\n".encode())
    await eventually(lambda: _received(services["orgs"], 1))
    services["orgs"].answer = None
    async with aiohttp.ClientSession(base_url=gateway) as client:
        assert (await client.get(UNIT, headers=person.headers())).status == 200
    idle.close()


async def _received(service: FakeService, requests: int) -> bool:
    return len(service.received) >= requests


async def test_a_compressed_answer_stays_compressed(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    content = gzip.compress(b'{"a":1}')

    async def compressed(_: web.Request) -> web.Response:
        return web.Response(body=content, headers={"Content-Encoding": "gzip"})

    services["orgs"].answer = compressed
    answer = await client.get(UNIT, headers=person.headers())
    assert (await answer.read(), answer.headers["Content-Encoding"]) == (content, "gzip")


async def test_errors_and_redirects_of_a_service_pass_as_they_are(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    for status in (201, 302, 400, 404, 409, 412, 422, 500, 502):

        async def fails(_: web.Request, status: int = status) -> web.Response:
            headers = {"Location": "/elsewhere"} if status == 302 else None
            return web.json_response({"detail": [{"loc": ["body"]}]}, status=status, headers=headers)

        services["orgs"].answer = fails
        answer = await client.get(UNIT, headers=person.headers(), allow_redirects=False)
        assert (answer.status, await answer.json()) == (status, {"detail": [{"loc": ["body"]}]})


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_has_none(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person, status: int
) -> None:
    async def empty(_: web.Request) -> web.Response:
        return web.Response(status=status)

    services["orgs"].answer = empty
    for _ in range(2):
        answer = await client.get(UNIT, headers=person.headers())
        assert (answer.status, await answer.read()) == (status, b"")


async def test_a_client_that_leaves_does_not_disturb_the_next(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.2)
        return web.json_response({"late": True})

    services["orgs"].answer = slow
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await client.get(UNIT, headers=person.headers(), timeout=aiohttp.ClientTimeout(total=0.05))
    answer = await client.get(UNIT, headers=person.headers())
    assert await answer.json() == {"late": True}


async def test_a_restarted_service_is_found_again_at_once(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    port = int(services["orgs"].url.rpartition(":")[2])
    assert (await client.get(UNIT, headers=person.headers())).status == 200
    await services["orgs"].stop()
    assert (await client.get(UNIT, headers=person.headers())).status == 503
    await services["orgs"].start(port)
    assert (await client.get(UNIT, headers=person.headers())).status == 200
