"""A FHIR R4 server for tests: in memory, on a real socket, as strict as one, and failing on request.

It does what the adapter asks of a server and refuses what a server refuses. Like HAPI it answers a search from memory
until it is told `no-cache`, pages by links below its base and keeps every version.
"""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from quill_common.fhir.json_text import NotJson, parse
from quill_common.fhir.resource import Resource, is_fhir_id, matches_etag, stamped
from quill_common.testing.fhir_faults import FHIR_JSON, Fault, FaultKind, Going, fhir_answer, go_wrong, outcome

BASE: Final = "/fhir"


@dataclass(frozen=True)
class Version:
    """`content` is None where the version says deleted."""

    number: int
    content: str | None
    at: datetime


@dataclass
class FhirServer:
    """The double. `knows_conditions` false makes it ignore `If-Match` and `If-None-Match`, as some servers do."""

    port: int = 0
    knows_conditions: bool = True
    header: tuple[str, str] | None = None
    page_size: int = 20
    resources: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)  # ids that no search finds, as where an index lags behind
    requests: list[str] = field(default_factory=list)
    _remembered: dict[str, list[str]] = field(default_factory=dict)
    _pages: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _runner: web.AppRunner | None = None
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{BASE}"

    def clear(self) -> None:
        """Forget everything and work well."""
        for kept in (self.resources, self.faults, self.hidden, self.requests, self._remembered, self._pages):
            kept.clear()
        self.knows_conditions = True

    def put(self, resource: Resource) -> Version:
        """Store a version as another client of the server would."""
        versions = self.resources.setdefault((resource["resourceType"], resource["id"]), [])
        now = datetime.now(UTC)
        number = versions[-1].number + 1 if versions else 1
        versions.append(Version(number, stamped(resource, number, now), now))
        return versions[-1]

    def remove(self, resource_type: str, resource_id: str) -> None:
        """Delete as another client would: the history stays."""
        versions = self.resources[resource_type, resource_id]
        versions.append(Version(versions[-1].number + 1, None, datetime.now(UTC)))

    def present(self, resource_type: str, resource_id: str) -> Resource | None:
        versions = self.resources.get((resource_type, resource_id))
        return None if not versions or versions[-1].content is None else parse(versions[-1].content)

    @contextmanager
    def failing(
        self, kind: FaultKind, method: str = "GET", pattern: str = "", times: int | None = None, skip: int = 0
    ) -> Iterator[Fault]:
        """Inside, requests that match go wrong."""
        fault = Fault(kind, method, pattern, times, skip)
        self.faults.append(fault)
        try:
            yield fault
        finally:
            self.faults.remove(fault)

    async def start(self) -> None:
        """Listen; the same port again after `stop`."""
        self._freed = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._answer))  # type: ignore[assignment]  # both are runners
        assert self._runner is not None
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # started

    async def stop(self) -> None:
        """Stop listening and cut all connections; what is stored stays."""
        self._freed.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        fault = next((fault for fault in list(self.faults) if fault.takes(request)), None)
        if fault is None:
            return await self._rightly(request)
        return await go_wrong(fault.kind, Going(self._rightly, self.url, self._freed), request)

    async def _rightly(self, request: web.BaseRequest) -> web.Response:
        if self.header is not None and request.headers.get(self.header[0]) != self.header[1]:
            return outcome(401, "login")
        if FHIR_JSON not in request.headers.get("Accept", "*/*") and "*/*" not in request.headers.get("Accept", "*/*"):
            return outcome(406, "not-supported")
        parts = request.path.removeprefix(BASE).strip("/").split("/")
        match (request.method, parts):
            case ("GET", [""]) if "_getpages" in request.query:
                return self._next_page(request)
            case ("GET", [resource_type]):
                return self._search(request, resource_type)
            case ("GET", [resource_type, resource_id]):
                return self._read(resource_type, resource_id)
            case ("GET", [resource_type, resource_id, "_history"]):
                return self._history(request, resource_type, resource_id)
            case ("GET", [resource_type, resource_id, "_history", version]):
                return self._read(resource_type, resource_id, version)
            case ("PUT", [resource_type, resource_id]):
                return await self._put(request, resource_type, resource_id)
        return outcome(405, "not-supported")

    def _read(self, resource_type: str, resource_id: str, version: str | None = None) -> web.Response:
        versions = self.resources.get((resource_type, resource_id), [])
        if version is not None:
            versions = [one for one in versions if str(one.number) == version]
        if not versions:
            return outcome(404, "not-found")
        found = versions[-1]
        return outcome(410, "deleted") if found.content is None else _resource(found)

    async def _put(self, request: web.BaseRequest, resource_type: str, resource_id: str) -> web.Response:
        if request.content_type != FHIR_JSON:
            return outcome(415, "not-supported")
        try:
            resource = parse(await request.read())
        except NotJson:
            return outcome(400, "structure")
        if not is_fhir_id(resource_id) or (resource.get("resourceType"), resource.get("id")) != (
            resource_type,
            resource_id,
        ):
            return outcome(400, "invalid")
        if resource.get("meta") == {}:
            return outcome(400, "structure")
        versions = self.resources.get((resource_type, resource_id), [])
        exists = bool(versions) and versions[-1].content is not None
        if self.knows_conditions:
            wanted = request.headers.get("If-Match")
            if wanted is not None and not (versions and matches_etag(wanted, versions[-1].number)):
                return outcome(412, "conflict")
            if request.headers.get("If-None-Match") == "*" and exists:
                return outcome(412, "duplicate")
        return _resource(self.put(resource), 200 if exists else 201)

    def _search(self, request: web.BaseRequest, resource_type: str) -> web.Response:
        if set(request.query) - {"_id", "_count", "_elements", "identifier", "subject"}:
            return outcome(400, "invalid")
        if request.headers.get("Cache-Control") != "no-cache" and request.path_qs in self._remembered:
            found = self._remembered[request.path_qs]
        else:
            found = self._remembered[request.path_qs] = list(self._found(request, resource_type))
        return self._page(request, "searchset", found, 0)

    def _found(self, request: web.BaseRequest, resource_type: str) -> Iterator[str]:
        ids = request.query["_id"].split(",") if "_id" in request.query else None
        for (of_type, resource_id), versions in sorted(self.resources.items()):
            content = versions[-1].content
            if of_type != resource_type or content is None or resource_id in self.hidden:
                continue
            if ids is not None and resource_id not in ids:
                continue
            if _matches(parse(content), request.query.get("identifier"), request.query.get("subject")):
                where = f'"fullUrl":"{self.url}/{of_type}/{resource_id}"'
                yield f'{{{where},"search":{{"mode":"match"}},"resource":{content}}}'

    def _history(self, request: web.BaseRequest, resource_type: str, resource_id: str) -> web.Response:
        versions = self.resources.get((resource_type, resource_id), [])
        if not versions:
            return outcome(404, "not-found")
        entries = [_of_history(resource_type, resource_id, version) for version in reversed(versions)]
        return self._page(request, "history", entries, 0)

    def _next_page(self, request: web.BaseRequest) -> web.Response:
        kind, entries = self._pages.get(request.query["_getpages"], ("", []))
        if not kind:
            return outcome(410, "deleted")
        return self._page(request, kind, entries, int(request.query["_offset"]), request.query["_getpages"])

    def _page(
        self, request: web.BaseRequest, kind: str, entries: list[str], start: int, token: str = ""
    ) -> web.Response:
        count = min(int(request.query.get("_count", self.page_size)), self.page_size)
        links = [f'{{"relation":"self","url":"{self.url}"}}']
        if start + count < len(entries):
            token = token or f"p{next(self._numbers)}"
            self._pages[token] = (kind, entries)
            following = f"{self.url}?_getpages={token}&_offset={start + count}&_count={count}"
            links.append(f'{{"relation":"next","url":"{following}"}}')
        shown = entries[start : start + count]
        some = f',"entry":[{",".join(shown)}]' if shown else ""
        body = f'{{"resourceType":"Bundle","type":"{kind}","total":{len(entries)},"link":[{",".join(links)}]{some}}}'
        return fhir_answer(body)


def _matches(resource: Resource, identifier: str | None, subject: str | None) -> bool:
    if identifier is not None:
        system, _, value = identifier.partition("|")
        return any((i.get("system"), i.get("value")) == (system, value) for i in resource.get("identifier", []))
    return subject is None or resource.get("subject", {}).get("reference") == subject


def _of_history(resource_type: str, resource_id: str, version: Version) -> str:
    at = version.at.isoformat()
    response = f'"response":{{"status":"200","etag":"W/\\"{version.number}\\"","lastModified":"{at}"}}'
    if version.content is None:
        return f'{{"request":{{"method":"DELETE","url":"{resource_type}/{resource_id}"}},{response}}}'
    request = f'"request":{{"method":"PUT","url":"{resource_type}/{resource_id}"}}'
    return f'{{"resource":{version.content},{request},{response}}}'


def _resource(version: Version, status: int = 200) -> web.Response:
    assert version.content is not None
    return fhir_answer(version.content, status, {"ETag": f'W/"{version.number}"'})


@asynccontextmanager
async def fhir_server(**more: Any) -> AsyncIterator[FhirServer]:
    """A running double in this event loop."""
    server = FhirServer(**more)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class ThreadedFhirServer:
    """The double in a thread of its own, for tests that block their event loop while a system of processes runs."""

    def __init__(self) -> None:
        self.server = FhirServer()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(30)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(30)

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()
