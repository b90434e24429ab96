"""Calls to a FHIR R4 server: bounded in time, number and size, and never followed to another server."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from quill_common.fhir.http_answers import Entry, bundle_of
from quill_common.fhir.http_settings import FhirServerSettings
from quill_common.fhir.store import StoreFailing

HEALTH_SECONDS: Final = 5.0
HEALTH_KEPT_SECONDS: Final = 2.0
MAX_BYTES: Final = 32 * 1024 * 1024
MAX_PAGES: Final = 20_000

_FHIR_JSON: Final = "application/fhir+json"
# HAPI answers a search from memory for a minute unless told not to, and what was written meanwhile would be missing.
_READING: Final = {"Accept": _FHIR_JSON, "Cache-Control": "no-cache"}
_WRITING: Final = {"Accept": _FHIR_JSON, "Content-Type": _FHIR_JSON, "Prefer": "return=representation"}
_GOOD: Final = (HTTPStatus.OK, HTTPStatus.CREATED)


class OutcomeUnknown(StoreFailing):
    """The call was sent, and whether the server did it cannot be told from what came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: bytes

    @property
    def is_good(self) -> bool:
        return self.status in _GOOD


class FhirClient:
    """One process's way to the server. Every method raises StoreFailing."""

    def __init__(self, http: aiohttp.ClientSession, settings: FhirServerSettings) -> None:
        self._http = http
        self._base = URL(str(settings.fhir_server_url).rstrip("/"), encoded=True)
        self._seconds = settings.fhir_server_seconds
        self._headers = settings.fhir_headers()
        self._slots = asyncio.Semaphore(settings.fhir_server_calls)
        self._checked_at = float("-inf")
        self._checking: asyncio.Task[None] | None = None

    def address(self, *parts: str, **query: str) -> URL:
        """`[base]/Patient/p-1?...`, everything escaped; a part of dots alone would lead elsewhere and must not come."""
        escaped = [quote(part, safe="") for part in parts]
        return self._base.joinpath(*escaped, encoded=True).with_query(query)

    async def get(self, url: URL, seconds: float | None = None) -> Answer:
        """Whatever the server answers."""
        return await self._call("GET", url, _READING, None, seconds or self._seconds)

    async def put(self, url: URL, content: bytes, condition: Mapping[str, str]) -> Answer:
        """The same. Raises OutcomeUnknown when the write may have happened."""
        return await self._call("PUT", url, {**_WRITING, **condition}, content, self._seconds)

    async def pages(self, url: URL, resource_type: str) -> AsyncIterator[list[Entry]]:
        """The entries of a search or a history, page by page to the end. Any page that fails ends it."""
        seen: set[URL] = set()
        following: URL | None = url
        while following is not None:
            if following in seen or len(seen) == MAX_PAGES:
                raise StoreFailing("pages lead nowhere")
            seen.add(following)
            answer = await self.get(following)
            if answer.status != HTTPStatus.OK:
                raise StoreFailing(f"a page was answered with {answer.status}")
            bundle = bundle_of(answer.body, resource_type)
            yield bundle.entries
            following = None if bundle.next is None else self._on_this_server(following, bundle.next)

    async def check(self) -> None:
        """Whether the server reads patients; asked once at a time, and remembered for two seconds when it does."""
        if self._checking is None or self._checking.done():
            if time.monotonic() - self._checked_at < HEALTH_KEPT_SECONDS:
                return
            self._checking = asyncio.create_task(self._check())
            self._checking.add_done_callback(_retrieve)
        await asyncio.shield(self._checking)

    async def _check(self) -> None:
        answer = await self.get(self.address("Patient", _count="1"), HEALTH_SECONDS)
        if answer.status != HTTPStatus.OK:
            raise StoreFailing(f"answered {answer.status}")
        self._checked_at = time.monotonic()

    def _on_this_server(self, page: URL, link: str) -> URL:
        """The address of a link, if it leads below the base: credentials and questions go nowhere else."""
        try:
            url = page.join(URL(link, encoded=True))
            inside = url.origin() == self._base.origin() and (
                url.raw_path.rstrip("/") == self._base.raw_path.rstrip("/")
                or url.raw_path.startswith(self._base.raw_path.rstrip("/") + "/")
            )
        except ValueError as problem:
            raise StoreFailing("a link is no address") from problem
        if not inside:
            raise StoreFailing("a link leads to another server")
        return url

    async def _call(
        self, method: str, url: URL, headers: Mapping[str, str], content: bytes | None, seconds: float
    ) -> Answer:
        lost = StoreFailing if content is None else OutcomeUnknown
        async with self._slot(seconds):
            try:
                async with self._http.request(
                    method,
                    url,
                    headers={**headers, **self._headers},
                    data=content,
                    timeout=aiohttp.ClientTimeout(total=seconds, connect=min(seconds, 3.0)),
                    allow_redirects=False,
                    middlewares=(_once,) if content is not None else (),
                ) as response:
                    answer = Answer(response.status, await _bounded(response))
            except aiohttp.ClientConnectorError as problem:
                raise StoreFailing("cannot be reached") from problem
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
                raise lost(f"no answer: {type(problem).__name__}") from problem
        if content is not None and answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OutcomeUnknown(f"a write was answered with {answer.status}")
        return answer

    @asynccontextmanager
    async def _slot(self, seconds: float) -> AsyncIterator[None]:
        """One of the calls at once; who waits as long as a call may take has waited long enough."""
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError as problem:
            raise StoreFailing("too many calls at once") from problem
        try:
            yield
        finally:
            self._slots.release()


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends a PUT again when the connection is lost; first it must be known what became of it."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        raise aiohttp.ClientConnectionError(type(problem).__name__) from problem


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_BYTES:
            response.close()
            raise aiohttp.ClientPayloadError("too large")
        chunks.append(chunk)
    return b"".join(chunks)


def _retrieve(task: asyncio.Task[None]) -> None:
    """Whoever waited has heard; a check that nobody waits for any more fails in silence."""
    if not task.cancelled():
        task.exception()
