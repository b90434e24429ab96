"""Passing a request on to its service and the answer back, as streams, through bounded pools."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from multidict import CIMultiDict
from quill_common.log import get_logger
from quill_common.topology import SERVICES, Service
from yarl import URL

from quill_gateway.body import RequestBody
from quill_gateway.errors import Away
from quill_gateway.exchange import Exchange
from quill_gateway.headers import outgoing
from quill_gateway.sessions import EndedSessions
from quill_gateway.settings import GatewaySettings

_AWAY = (aiohttp.ClientError, TimeoutError, OSError)
_ADDED_BY_AIOHTTP = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class ConnectionLost(aiohttp.ClientError):
    """The connection ended before the answer began: perhaps an idle one that the service had closed."""


class Forwarder:
    def __init__(self, settings: GatewaySettings, ended: EndedSessions) -> None:
        self._settings = settings
        self._ended = ended
        self._bases = {service: settings.peer_url(service) for service in SERVICES}
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        settings = self._settings
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=settings.pool_size, keepalive_timeout=settings.idle_seconds
            ),
            timeout=aiohttp.ClientTimeout(
                connect=settings.connect_seconds,
                sock_connect=settings.connect_seconds,
                sock_read=settings.answer_seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            middlewares=(_tell_lost_connections,),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def forward(self, exchange: Exchange, service: Service, headers: CIMultiDict[str]) -> None:
        """Raises Away while nothing was answered; BodyTooLarge, TooSlow, ClientGone for the client's part."""
        body, data = None, None
        if exchange.incoming.has_body:
            body = RequestBody(exchange.receive, self._settings.body_limit, self._settings.upload_seconds)
            data = await body.open()
            length = exchange.incoming.content_length
            if length is not None and not isinstance(data, bytes):
                headers["Content-Length"] = str(length)
        try:
            answer = await self._ask(exchange, service, headers, data)
        except _AWAY as problem:
            if body is not None and body.failure is not None:
                raise body.failure from problem
            get_logger().warning(
                "service_away", peer=service, problem=type(problem).__name__, request_id=exchange.request_id
            )
            raise Away from problem
        async with answer:
            await self._relay(exchange, service, answer)

    async def _ask(
        self,
        exchange: Exchange,
        service: Service,
        headers: CIMultiDict[str],
        data: bytes | AsyncIterator[bytes] | None,
    ) -> ClientResponse:
        if self._session is None:
            raise ConnectionLost
        url = URL(self._bases[service] + _target(exchange), encoded=True)
        try:
            return await self._session.request(exchange.method, url, headers=headers, data=data, allow_redirects=False)
        except (ConnectionLost, aiohttp.ClientConnectorError):
            if exchange.method != "GET" or data is not None:
                raise
        return await self._session.request(exchange.method, url, headers=headers, allow_redirects=False)

    async def _relay(self, exchange: Exchange, service: Service, answer: ClientResponse) -> None:
        headers, revoked = outgoing(answer.raw_headers)
        if revoked and service == "auth":
            self._ended.end_now(revoked)
        content = answer.content
        try:
            # Nothing is promised to the client before the first bytes of the body are here.
            chunk = await content.readany()
        except _AWAY as problem:
            raise Away from problem
        done = content.at_eof()
        await exchange.start(answer.status, headers)
        await exchange.body(chunk, more=not done)
        try:
            while not done:
                chunk = await content.readany()
                done = content.at_eof()
                # A client that does not read must not keep the connection to the service for ever.
                async with asyncio.timeout(self._settings.answer_seconds):
                    await exchange.body(chunk, more=not done)
        except _AWAY as problem:
            raise BrokenAnswer from problem


class BrokenAnswer(Exception):
    """The service broke off in the middle of its answer. The client's connection must break off as well."""


async def _tell_lost_connections(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from sending a PUT or DELETE a second time by itself when a pooled connection ends.

    The service may have done the first one; only what is safe to repeat is repeated, in `_ask`.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        raise ConnectionLost from problem


def _target(exchange: Exchange) -> str:
    raw_path: bytes = exchange.scope["raw_path"]
    query: bytes = exchange.scope["query_string"]
    return (raw_path + b"?" + query if query else raw_path).decode("ascii")
