"""How the FHIR server of the tests goes wrong."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from aiohttp import web

from quill_common.fhir.json_text import parse, serialise

FHIR_JSON: Final = "application/fhir+json"

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
class Going:
    """What a fault needs of the server: how it answers rightly, its address, and an event for when it stops."""

    rightly: Callable[[web.BaseRequest], Awaitable[web.Response]]
    base: str
    freed: asyncio.Event


Wrong = Callable[[Going, web.BaseRequest], Awaitable[web.StreamResponse]]


async def go_wrong(kind: FaultKind, going: Going, request: web.BaseRequest) -> web.StreamResponse:
    """Answer as that fault has it."""
    return await _FAULTY[kind](going, request)


def fhir_answer(body: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=body.encode(), status=status, headers={"Content-Type": f"{FHIR_JSON};charset=utf-8", **(headers or {})}
    )


def outcome(status: int, code: str) -> web.Response:
    issue = {"severity": "error", "code": code}
    return fhir_answer(serialise({"resourceType": "OperationOutcome", "issue": [issue]}), status)


async def _slowly(going: Going, _: web.BaseRequest) -> web.Response:
    await going.freed.wait()
    return outcome(503, "timeout")


async def _reset(_: Going, request: web.BaseRequest) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _lose_the_answer(going: Going, request: web.BaseRequest) -> web.Response:
    await going.rightly(request)
    return await _reset(going, request)


async def _truncate(going: Going, request: web.BaseRequest) -> web.StreamResponse:
    whole = (await going.rightly(request)).body
    assert isinstance(whole, bytes)
    response = web.StreamResponse(headers={"Content-Type": FHIR_JSON, "Content-Length": str(len(whole))})
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


def _status(status: int) -> Wrong:
    async def answer(_: Going, __: web.BaseRequest) -> web.StreamResponse:
        return outcome(status, "exception")

    return answer


def _body(change: Callable[[bytes], bytes], content_type: str = FHIR_JSON) -> Wrong:
    """Do what is asked, and answer with what `change` makes of the answer."""

    async def answer(going: Going, request: web.BaseRequest) -> web.StreamResponse:
        right = await going.rightly(request)
        assert isinstance(right.body, bytes)
        return web.Response(body=change(right.body), status=right.status, headers={"Content-Type": content_type})

    return answer


def _replaced(pattern: bytes, by: bytes) -> Callable[[bytes], bytes]:
    return lambda body: re.sub(pattern, by, body)


async def _redirect(going: Going, request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": f"{going.base}/moved"})


def _linked(url: str) -> Wrong:
    async def answer(going: Going, request: web.BaseRequest) -> web.StreamResponse:
        right = await going.rightly(request)
        assert isinstance(right.body, bytes)
        bundle: Any = parse(right.body)
        link = url or str(request.url)
        bundle["link"] = [{"relation": "next", "url": link}]
        return fhir_answer(serialise(bundle))

    return answer


_VERSION: Final = rb'"versionId":"\d+"'
_FAULTY: Final[dict[FaultKind, Wrong]] = {
    "slow": _slowly,
    "500": _status(500),
    "503": _status(503),
    "429": _status(429),
    "reset": _reset,
    "answer lost": _lose_the_answer,
    "truncated": _truncate,
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
