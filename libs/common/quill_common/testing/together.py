"""Several small services in one process, with real HTTP between them: for tests of what they tell each other.

They carry the names of real services, since who follows whom is fixed by name, and have the shared tables only.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from fastapi import APIRouter, Body, FastAPI, Request, Response
from sqlalchemy import text

from quill_common.access.events import access_projection
from quill_common.events.catalogue import auth, orgs, patients
from quill_common.events.envelope import Event
from quill_common.events.projection import Projection
from quill_common.http.callers import Caller, OncePerKey, Read, Write
from quill_common.http.work import WorkRoute
from quill_common.identity.service_keys import ensure_service_keys
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.identity.signing_keys import SigningKeys
from quill_common.identity.tokens import TokenSigner
from quill_common.service import Parts, create_service
from quill_common.settings import ServiceSettings
from quill_common.testing.database import TestDatabase, execute
from quill_common.testing.kit import EMPTY_SCHEMA, SESSION
from quill_common.topology import Service

NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens

KINDS: dict[str, type[Event]] = {
    kind.type: kind
    for module in (auth, orgs, patients)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Event) and hasattr(kind, "type")
}


def user(user_id: int, **facts: Any) -> auth.UserCreated:
    """An active account at level `staff`, but for the given facts."""
    usual = {"username": f"u{user_id}", "full_name": None, "email": f"u{user_id}@example.org", "level": "staff"}
    rights = {"roles": [], "competencies": [], "is_active": True, "patient_id": None}
    return auth.UserCreated(**{"id": user_id, **usual, **rights, **facts})


@dataclass
class Running:
    """One process of one service. `stop` and `start` end and begin it; the port stays."""

    name: Service
    settings: ServiceSettings
    keys: SigningKeys
    projection: Callable[[], Projection] = access_projection
    port: int = field(default_factory=lambda: _free_port())
    app: FastAPI | None = None
    _server: uvicorn.Server | None = None
    _task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def parts(self) -> Parts:
        assert self.app is not None
        parts: Parts = self.app.state.parts
        return parts

    async def start(self) -> None:
        self.app = create_service(
            self.name, self.settings, [_router()], projection=self.projection(), keys=self.keys, isolated=False
        )
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_config=None, lifespan="on", timeout_graceful_shutdown=0
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
            if self._task.done():
                self._task.result()

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = self._task = None

    async def level(self, *, within: float = 60.0) -> None:
        """Wait until it has caught up with its sources."""
        async with asyncio.timeout(within):
            while not self.parts.consumer.current:  # noqa: ASYNC110 - what runs has no reason to tell tests
                await asyncio.sleep(0.01)

    async def publish(self, *events: Event) -> None:
        """Commit `events` outside any request: nobody waits for the dependants."""
        async with self.parts.units.open() as work:
            for event in events:
                await work.publish(event)

    async def read(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        async with self.parts.database.reader() as reader:
            return [dict(row._mapping) for row in await reader.rows(text(sql), params)]

    async def value(self, sql: str, **params: Any) -> Any:
        async with self.parts.database.reader() as reader:
            return await reader.value(text(sql), params)


@dataclass
class Together:
    """Running services on one database with a schema each."""

    database: TestDatabase
    directory: Path
    keys: SigningKeys
    http: aiohttp.ClientSession
    services: dict[Service, Running]

    def __getitem__(self, name: Service) -> Running:
        return self.services[name]

    async def write(self, name: Service, *events: Event, key: str | None = None) -> tuple[int, str | None]:
        """Publish in a request to `name`, as its routes do: the status, and who is pending.

        `key` is an Idempotency-Key. Without events the request finds done what it asks for.
        """
        body = [{"type": event.type, "data": event.model_dump(mode="json")} for event in events]
        headers = {} if key is None else {"Idempotency-Key": key}
        async with self.http.post(f"{self[name].url}/test/publish", json=body, headers=headers) as response:
            await response.read()
            return response.status, response.headers.get("X-Quill-Pending")

    async def as_user(self, name: Service, user_id: int) -> int:
        """The status of a request that needs to be signed in."""
        token = TokenSigner(self.keys).access(user_id, SESSION, roles=(), competencies=(), lifetime=600)
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.get(f"{self[name].url}/test/signed-in", headers=headers) as response:
            return response.status

    async def operator(self, method: str, name: Service, path: str) -> tuple[int, Any]:
        """What the operator is answered."""
        headers = ServiceTokens("operator", self.directory / "keys" / "services" / "operator.pem").headers(name)
        async with self.http.request(method, f"{self[name].url}{path}", headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def ready(self, name: Service) -> tuple[int, Any]:
        async with self.http.get(f"{self[name].url}/health/ready") as response:
            return response.status, await response.json()


@asynccontextmanager
async def together(
    database: TestDatabase,
    directory: Path,
    names: Sequence[Service],
    *,
    projections: dict[Service, Callable[[], Projection]] | None = None,
    start: bool = True,
    **more: Any,
) -> AsyncIterator[Together]:
    """Run `names` on an emptied `database`; others than these are away. `more` are settings of all."""
    for name in names:
        await empty_schema(database, name)
    ensure_service_keys(directory)
    keys = SigningKeys(directory / "keys" / "auth")
    async with AsyncExitStack() as stack:
        ports = {name: _free_port() for name in names}
        urls = {f"{name}_url": NOWHERE for name in ("auth", "orgs", "patients", "letters", "messaging")}
        urls |= {f"{name}_url": f"http://127.0.0.1:{port}" for name, port in ports.items()}
        services: dict[Service, Running] = {}
        for name in names:
            # Not the usual 2 seconds: that a machine is slow is not what tests are to find.
            usual = {"log_level": "ERROR", "database_pool": 5, "rate_limits": False, "catch_up_seconds": 20}
            values = {"data_dir": directory, **usual, **urls, **more}
            settings = ServiceSettings(database_url=database.urls[name], **values)
            projection = (projections or {}).get(name, access_projection)
            services[name] = Running(name, settings, keys, projection, ports[name])
            stack.push_async_callback(services[name].stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        if start:
            await asyncio.gather(*(service.start() for service in services.values()))
        yield Together(database, directory, keys, http, services)


async def empty_schema(database: TestDatabase, name: Service) -> None:
    """Take out all rows but those that the migrations put in."""
    await execute(database.admin_url, EMPTY_SCHEMA.format(schema=name, keep="', '".join(_KEPT)))


def _router() -> APIRouter:
    router = APIRouter(prefix="/test", route_class=WorkRoute)

    @router.post("/publish", status_code=201)
    async def publish(write: Write, once: OncePerKey, events: list[dict[str, Any]] = Body()) -> Response:
        await once.begin()
        if not events:
            write.found_done()
        for event in events:
            await write.publish(KINDS[event["type"]].model_validate(event["data"]))
        return Response(b"{}", 201)

    @router.get("/signed-in")
    async def signed_in(caller: Caller) -> Response:
        return Response(caller.username.encode())

    @router.get("/staff/{user_id}")
    async def staff(request: Request, read: Read, user_id: int) -> Response:
        found = await read.value(text("SELECT count(*) FROM access_staff WHERE user_id = :id"), {"id": user_id})
        return Response(str(found).encode())

    return router


class _Server(uvicorn.Server):
    """One that leaves the signals of the test run alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


_KEPT = ("alembic_version", "outbox_head", "outbox_relay")
