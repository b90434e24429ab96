"""A gateway behind a real server on a free port, in the loop of the test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import uvicorn

from quill_gateway.gateway import Gateway

StartGateway = Callable[..., Awaitable[str]]

SOONER_THAN_THE_NEXT_POLL = 8.0
"""Seconds: of auth's revocations the gateway hears when they happen, not when its long poll ends after ten."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        """Wait to be stopped, without the ticks that make stopping slow."""
        await self.on_tick(0)  # sets the Date header
        await self.stop.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals stay with the test runner."""
        yield


@contextlib.asynccontextmanager
async def serving(app: Gateway) -> AsyncIterator[str]:
    """The URL under which `app` answers."""
    server = _Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            http="httptools",
            ws="none",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            raise RuntimeError("the gateway did not start")
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.stop.set()
        await task


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Return when `holds` does; TimeoutError if it does not within the time."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in another process or connection
            await asyncio.sleep(0.01)
