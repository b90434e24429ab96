"""What a client sees when a service is away or breaks off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from quill_gateway.testing.doubles import FakeService, Person
from quill_gateway.testing.running import StartGateway, eventually

UNIT = "/api/organizations"
AWAY = {"detail": "Service temporarily unavailable"}
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def rude_service(talk: Talk) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A service that does with each request what `talk` says; gives its URL and the request lines."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                requests.append(head.partition(b"\r\n")[0])
                await talk(reader, writer)
                if writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests
    finally:
        server.close()


def says(content: bytes, *, then_close: bool = False) -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        if then_close:
            writer.close()

    return talk


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


async def test_a_service_that_is_down_is_a_503_that_says_when_to_come_back(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    await services["orgs"].stop()
    await services["patients"].stop()
    for path in (UNIT, "/api/patients"):
        answer = await client.get(path, headers=person.headers())
        assert (answer.status, await answer.json()) == (503, AWAY)
        assert answer.headers["Retry-After"] == "2"
    answer = await client.post(UNIT, headers=person.headers(csrf=True), json={})
    assert (answer.status, await answer.json()) == (503, AWAY)
    assert (await client.get("/api/conversations", headers=person.headers())).status == 200


async def test_a_service_that_never_answers_is_given_up(start_gateway: StartGateway, person: Person) -> None:
    async with rude_service(says(b"")) as (url, requests):
        gateway = await start_gateway(orgs_url=url, answer_seconds=0.3)
        async with aiohttp.ClientSession(base_url=gateway) as client:
            answer = await client.get(UNIT, headers=person.headers())
            assert (answer.status, await answer.json()) == (503, AWAY)
    assert len(requests) == 1


async def _received(service: FakeService, requests: int) -> bool:
    return len(service.received) >= requests


async def test_a_full_pool_is_a_503_and_not_an_endless_queue(
    start_gateway: StartGateway, services: dict[str, FakeService], person: Person
) -> None:
    gate = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await gate.wait()
        return web.json_response({})

    services["orgs"].answer = slow
    gateway = await start_gateway(pool_size=2, connect_seconds=2)
    async with aiohttp.ClientSession(base_url=gateway) as client:
        pending = [asyncio.create_task(client.get(UNIT, headers=person.headers())) for _ in range(2)]
        await eventually(lambda: _received(services["orgs"], 2))
        third = await client.get(UNIT, headers=person.headers())
        assert (third.status, await third.json()) == (503, AWAY)
        assert (await client.get("/api/conversations", headers=person.headers())).status == 200
        gate.set()
        assert [(await task).status for task in pending] == [200, 200]


@pytest.mark.parametrize(
    "half",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
    ],
)
async def test_a_service_that_breaks_off_never_makes_a_short_200(
    start_gateway: StartGateway, person: Person, half: bytes
) -> None:
    async def break_off(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(half)
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()

    async with rude_service(break_off) as (url, requests):
        gateway = await start_gateway(orgs_url=url)
        async with aiohttp.ClientSession(base_url=gateway) as client:
            with pytest.raises(aiohttp.ClientPayloadError):
                await (await client.get(UNIT, headers=person.headers())).read()
    assert len(requests) == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"\x00\x01\x02 nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
    ],
)
async def test_an_answer_of_which_nothing_arrived_is_a_503(
    start_gateway: StartGateway, person: Person, nonsense: bytes
) -> None:
    async with rude_service(says(nonsense, then_close=True)) as (url, _):
        gateway = await start_gateway(orgs_url=url)
        async with aiohttp.ClientSession(base_url=gateway) as client:
            answer = await client.post(UNIT, headers=person.headers(csrf=True), json={})
            assert (answer.status, await answer.json()) == (503, AWAY)


@pytest.mark.parametrize(
    ("method", "path", "times"),
    [
        ("GET", UNIT, 2),
        ("PUT", UNIT + "/1", 1),
        ("DELETE", UNIT + "/1/staff/2", 1),
        ("POST", UNIT + "/1/staff", 1),
    ],
)
async def test_only_reading_is_tried_again_when_a_kept_connection_ends(
    start_gateway: StartGateway, person: Person, method: str, path: str, times: int
) -> None:
    seen = 0

    async def answer_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        if seen == 2:  # the second request, on the connection that the first one left
            writer.close()
        else:
            writer.write(OK)

    async with rude_service(answer_once) as (url, requests):
        gateway = await start_gateway(orgs_url=url)
        async with aiohttp.ClientSession(base_url=gateway) as client:
            assert (await client.get(UNIT, headers=person.headers())).status == 200
            answer = await client.request(method, path, headers=person.headers(csrf=True))
    assert (answer.status, len(requests)) == (200 if times == 2 else 503, 1 + times)


async def test_reading_is_tried_again_only_once(start_gateway: StartGateway, person: Person) -> None:
    async with rude_service(says(b"", then_close=True)) as (url, requests):
        gateway = await start_gateway(orgs_url=url)
        async with aiohttp.ClientSession(base_url=gateway) as client:
            assert (await client.get(UNIT, headers=person.headers())).status == 503
    assert len(requests) == 2
