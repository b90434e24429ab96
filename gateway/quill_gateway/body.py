"""A request's body on its way to a service: bounded in size and in time, never wholly in memory."""

import asyncio
from collections.abc import AsyncIterator

from quill_gateway.errors import BodyTooLarge, Refusal, TooSlow
from quill_gateway.exchange import Receive


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class RequestBody:
    """Reads the client's messages. What went wrong while streaming is kept in `failure`."""

    __slots__ = ("_deadline", "_left", "_receive", "failure")

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive = receive
        self._left = limit
        self._deadline = asyncio.get_running_loop().time() + seconds
        self.failure: Refusal | ClientGone | None = None

    async def open(self) -> bytes | AsyncIterator[bytes]:
        """The whole body if it has arrived in one piece, as nearly all do; else a stream of it."""
        chunk, more = await self._next()
        return self._stream(chunk) if more else chunk

    async def _stream(self, chunk: bytes) -> AsyncIterator[bytes]:
        more = True
        yield chunk
        while more:
            try:
                chunk, more = await self._next()
            except (Refusal, ClientGone) as failure:
                self.failure = failure
                raise
            yield chunk

    async def _next(self) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as problem:
            raise TooSlow from problem
        if message["type"] != "http.request":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        self._left -= len(chunk)
        if self._left < 0:
            raise BodyTooLarge
        return chunk, message.get("more_body", False)
