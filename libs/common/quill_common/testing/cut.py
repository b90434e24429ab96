"""A TCP way to a server that a test can cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from yarl import URL


class Way:
    """Forwards connections to `target` while it is open; `cut` breaks those there are, `close` refuses new ones too."""

    def __init__(self, target: URL) -> None:
        self._target = target
        self._streams: set[asyncio.StreamWriter] = set()
        self._open = True
        self.cuts = 0
        self.url = target

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = self._target.with_host("127.0.0.1").with_port(server.sockets[0].getsockname()[1])
        return server

    def cut(self) -> None:
        self.cuts += 1
        for stream in list(self._streams):
            stream.transport.abort()

    def close(self) -> None:
        self._open = False
        self.cut()

    def open(self) -> None:
        self._open = True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._target.host, self._target.port)
        self._streams |= {writer, back}
        await asyncio.gather(self._forward(reader, back), self._forward(there, writer))
        self._streams -= {writer, back}

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def way_to(url: str) -> AsyncIterator[Way]:
    """A way to the server of `url`, for example of a broker."""
    way = Way(URL(url))
    server = await way.serve()
    try:
        yield way
    finally:
        way.close()
        server.close()
        await server.wait_closed()
