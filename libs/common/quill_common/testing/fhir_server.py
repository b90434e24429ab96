"""A FHIR R4 server for tests: in memory, on a real socket, as strict as one, and failing on request.

It does what the adapter asks of a server and refuses what a server refuses. Like HAPI it answers a search from memory
until it is told `no-cache`, pages by links below its base and keeps every version.
"""

import asyncio
import itertools
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from aiohttp import web

from quill_common.fhir.json_text import NotJson, parse, serialise
from quill_common.fhir.resource import Resource, is_fhir_id, matches_etag, stamped

FHIR_JSON: Final = "application/fhir+json"
BASE: Final = "/fhir"

FaultKind = Literal[
    "slow",
    "500",
    "503",
    "429",
    "reset",
    "truncated",
    "not json",
    "html",
    "empty",
    "word for a version",
    "no version",
    "huge version",
    "old version",
    "another resource",
    "another type",
    "answer lost",
    "next elsewhere",
    "next in a circle",
    "redirect",
]


@dataclass
class Fault:
    """What goes wrong with requests of `method` whose path and query match `pattern`.

    `times` times or always, after the first `skip` of them went well.
    """

    kind: FaultKind
    method: str = "GET"
    pattern: str = ""
    times: int | None = None
    skip: int = 0

    def takes(self, request: web.BaseRequest) -> bool:
        if self.times == 0 or request.method != self.method or not re.search(self.pattern, request.path_qs):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


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
        return await _FAULTY[fault.kind](self, request)

    async def _rightly(self, request: web.BaseRequest) -> web.Response:
        if self.header is not None and request.headers.get(self.header[0]) != self.header[1]:
            return _outcome(401, "login")
        if FHIR_JSON not in request.headers.get("Accept", "*/*") and "*/*" not in request.headers.get("Accept", "*/*"):
            return _outcome(406, "not-supported")
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
        return _outcome(405, "not-supported")

    def _read(self, resource_type: str, resource_id: str, version: str | None = None) -> web.Response:
        versions = self.resources.get((resource_type, resource_id), [])
        if version is not None:
            versions = [one for one in versions if str(one.number) == version]
        if not versions:
            return _outcome(404, "not-found")
        found = versions[-1]
        return _outcome(410, "deleted") if found.content is None else _resource(found)

    async def _put(self, request: web.BaseRequest, resource_type: str, resource_id: str) -> web.Response:
        if request.content_type != FHIR_JSON:
            return _outcome(415, "not-supported")
        try:
            resource = parse(await request.read())
        except NotJson:
            return _outcome(400, "structure")
        if not is_fhir_id(resource_id) or (resource.get("resourceType"), resource.get("id")) != (
            resource_type,
            resource_id,
        ):
            return _outcome(400, "invalid")
        if resource.get("meta") == {}:
            return _outcome(400, "structure")
        versions = self.resources.get((resource_type, resource_id), [])
        exists = bool(versions) and versions[-1].content is not None
        if self.knows_conditions:
            wanted = request.headers.get("If-Match")
            if wanted is not None and not (versions and matches_etag(wanted, versions[-1].number)):
                return _outcome(412, "conflict")
            if request.headers.get("If-None-Match") == "*" and exists:
                return _outcome(412, "duplicate")
        return _resource(self.put(resource), 200 if exists else 201)

    def _search(self, request: web.BaseRequest, resource_type: str) -> web.Response:
        if set(request.query) - {"_id", "_count", "_elements", "identifier", "subject"}:
            return _outcome(400, "invalid")
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
            return _outcome(404, "not-found")
        entries = [_of_history(resource_type, resource_id, version) for version in reversed(versions)]
        return self._page(request, "history", entries, 0)

    def _next_page(self, request: web.BaseRequest) -> web.Response:
        kind, entries = self._pages.get(request.query["_getpages"], ("", []))
        if not kind:
            return _outcome(410, "deleted")
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
        return _fhir(body)

    # Faults

    async def _slowly(self, _: web.BaseRequest) -> web.Response:
        await self._freed.wait()
        return _outcome(503, "timeout")

    async def _reset(self, request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _lose_the_answer(self, request: web.BaseRequest) -> web.Response:
        await self._rightly(request)
        return await self._reset(request)

    async def _truncate(self, request: web.BaseRequest) -> web.StreamResponse:
        whole = (await self._rightly(request)).body
        assert isinstance(whole, bytes)
        response = web.StreamResponse(headers={"Content-Type": FHIR_JSON, "Content-Length": str(len(whole))})
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
        assert request.transport is not None
        request.transport.close()
        return response


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


def _fhir(body: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=body.encode(), status=status, headers={"Content-Type": f"{FHIR_JSON};charset=utf-8", **(headers or {})}
    )


def _resource(version: Version, status: int = 200) -> web.Response:
    assert version.content is not None
    return _fhir(version.content, status, {"ETag": f'W/"{version.number}"'})


def _outcome(status: int, code: str) -> web.Response:
    issue = {"severity": "error", "code": code}
    return _fhir(serialise({"resourceType": "OperationOutcome", "issue": [issue]}), status)


def _status(status: int) -> Callable[[FhirServer, web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def answer(_: FhirServer, __: web.BaseRequest) -> web.StreamResponse:
        return _outcome(status, "exception")

    return answer


def _body(
    change: Callable[[bytes], bytes], content_type: str = FHIR_JSON
) -> Callable[[FhirServer, web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Do what is asked, and answer with what `change` makes of the answer."""

    async def answer(server: FhirServer, request: web.BaseRequest) -> web.StreamResponse:
        right = await server._rightly(request)
        assert isinstance(right.body, bytes)
        return web.Response(body=change(right.body), status=right.status, headers={"Content-Type": content_type})

    return answer


def _replaced(pattern: bytes, by: bytes) -> Callable[[bytes], bytes]:
    return lambda body: re.sub(pattern, by, body)


async def _redirect(server: FhirServer, request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": f"{server.url}/moved"})


def _linked(url: str) -> Callable[[FhirServer, web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def answer(server: FhirServer, request: web.BaseRequest) -> web.StreamResponse:
        right = await server._rightly(request)
        assert isinstance(right.body, bytes)
        bundle: Any = parse(right.body)
        link = url or f"{server.url}{request.path_qs.removeprefix(BASE)}"
        bundle["link"] = [{"relation": "next", "url": link}]
        return _fhir(serialise(bundle))

    return answer


_VERSION: Final = rb'"versionId":"\d+"'
_FAULTY: Final[dict[FaultKind, Callable[[FhirServer, web.BaseRequest], Awaitable[web.StreamResponse]]]] = {
    "slow": FhirServer._slowly,
    "500": _status(500),
    "503": _status(503),
    "429": _status(429),
    "reset": FhirServer._reset,
    "answer lost": FhirServer._lose_the_answer,
    "truncated": FhirServer._truncate,
    "not json": _body(lambda body: body[:-1] + b",}"),
    "html": _body(lambda _: b"<html>Sign in</html>", "text/html"),
    "empty": _body(lambda _: b""),
    "word for a version": _body(_replaced(_VERSION, b'"versionId":"new"')),
    "no version": _body(_replaced(_VERSION, b'"source":"#x"')),
    "huge version": _body(_replaced(_VERSION, b'"versionId":"99999999999999999999"')),
    "old version": _body(_replaced(_VERSION, b'"versionId":"1"')),
    "another resource": _body(_replaced(rb'"id":"[^"]*"', b'"id":"somebody-else"')),
    "another type": _body(_replaced(rb'"resourceType":"(Patient|Communication)"', b'"resourceType":"Person"')),
    "next elsewhere": _linked("http://127.0.0.1:9/fhir?_getpages=1"),
    "next in a circle": _linked(""),
    "redirect": _redirect,
}


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
