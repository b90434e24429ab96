"""Services reduced to what the gateway sees of them."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from multidict import CIMultiDict
from quill_common.identity import InvalidToken, ServiceTokenVerifier, SigningKeys, TokenSigner

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """A request as it reached a service; `target` is its undecoded path and query."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes


@dataclass
class FakeService:
    """Answers everything with `{"from": name}` unless told otherwise, and remembers what it got."""

    name: str
    received: list[Received] = field(default_factory=list)
    answer: Handler | None = None
    ready: Any = field(default_factory=lambda: {"status": "ready", "checks": {"database": {"state": "ok"}}})
    store: Any = field(default_factory=lambda: {"available": True, "status_code": 200})
    openapi: Any = None
    probes: int = 0
    delay: float = 0.0
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/health/ready", self._ready)
        app.router.add_get("/health/store", self._store)
        app.router.add_get("/openapi.json", self._openapi)
        self._extend(app)
        app.router.add_route("*", "/{path:.*}", self._any)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def last(self) -> Received:
        return self.received[-1]

    def _extend(self, app: web.Application) -> None:
        """More paths, for services that have them."""

    async def _any(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = CIMultiDict(request.headers)
        self.received.append(Received(request.method, request.raw_path, headers, body))
        return await self.answer(request) if self.answer else web.json_response({"from": self.name})

    async def _ready(self, _: web.Request) -> web.Response:
        self.probes += 1
        await asyncio.sleep(self.delay)
        well = isinstance(self.ready, dict) and self.ready.get("status") == "ready"
        return web.json_response(self.ready, status=200 if well else 503)

    async def _store(self, _: web.Request) -> web.Response:
        await asyncio.sleep(self.delay)
        return web.json_response(self.store)

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.json_response(self.openapi) if self.openapi else web.Response(status=404)


@dataclass(frozen=True)
class Person:
    """Someone signed in."""

    session_id: str
    access: str
    csrf: str

    @property
    def cookie(self) -> str:
        return f"access_token={self.access}; XSRF-TOKEN={self.csrf}"

    def headers(self, *, csrf: bool = False) -> dict[str, str]:
        return {"Cookie": self.cookie} | ({"X-CSRF-Token": self.csrf} if csrf else {})


class FakeAuth(FakeService):
    """Signs real tokens, publishes their keys, and tells which sessions ended."""

    def __init__(self, keys_folder: Path) -> None:
        super().__init__("auth")
        self.keys = SigningKeys(keys_folder / "signing")
        self.signer = TokenSigner(self.keys)
        self.ended: list[dict[str, Any]] = []
        self.broken = False
        self.asked: list[str] = []
        self._callers = ServiceTokenVerifier("auth", keys_folder / "services.jwks.json")
        self._news = asyncio.Condition()

    def sign_in(self, user_id: int = 7, *, lifetime: int = 900) -> Person:
        session_id = str(uuid.uuid4())
        return Person(
            session_id,
            self.signer.access(
                user_id,
                session_id,
                roles=["Clinician"],
                competencies=["access_patient_records"],
                lifetime=lifetime,
            ),
            self.signer.csrf(user_id, session_id, lifetime=lifetime),
        )

    async def end(self, session_id: str) -> None:
        """End a session at some other gateway: this one hears of it through the feed only."""
        async with self._news:
            self.ended.append({"sid": session_id, "until": time.time() + 900})
            self._news.notify_all()

    def _extend(self, app: web.Application) -> None:
        app.router.add_get("/.well-known/jwks.json", self._jwks)
        app.router.add_get("/internal/revocations", self._revocations)

    async def _jwks(self, _: web.Request) -> web.Response:
        return web.Response(status=500) if self.broken else web.json_response(self.keys.jwks())

    async def _revocations(self, request: web.Request) -> web.Response:
        self.asked.append(request.query_string)
        try:
            caller = self._callers.verify(request.headers["Authorization"].removeprefix("Bearer "))
        except (InvalidToken, KeyError):
            return web.json_response({"detail": "Invalid token"}, status=401)
        if self.broken or caller != "gateway":
            return web.json_response({"detail": "broken"}, status=500)
        after = int(request.query.get("after", "0"))
        async with self._news:
            if after > len(self.ended):
                return web.json_response({"detail": "Invalid cursor"}, status=400)
            try:
                async with asyncio.timeout(float(request.query["wait"])):
                    await self._news.wait_for(lambda: len(self.ended) > after)
            except TimeoutError:
                pass
            return web.json_response({"cursor": str(len(self.ended)), "sessions": self.ended[after:]})
