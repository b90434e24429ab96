"""A tiny service with limits of each kind, as often and with such settings as a test wants, on one database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from quill_common.http.callers import Caller
from quill_common.http.errors import BadRequest
from quill_common.http.shapes import ExactBody
from quill_common.http.work import WorkRoute, work_of
from quill_common.identity.service_keys import ensure_service_keys
from quill_common.identity.signing_keys import SigningKeys
from quill_common.limits.notation import Limit
from quill_common.limits.routes import PerAddress, PerCaller
from quill_common.service import create_service
from quill_common.settings import ServiceSettings
from quill_common.testing.database import TestDatabase
from quill_common.testing.kit import ServiceKit
from quill_common.testing.together import empty_schema

router = APIRouter(prefix="/api", route_class=WorkRoute)


class Settings(ServiceSettings):
    limit_door: Limit = "3 per 15 minute"
    limit_desk: Limit = "2 per 15 minute"
    limit_guesses: Limit = "4 per 15 minute"


class Word(ExactBody):
    word: str


class Wrong(BadRequest):
    detail = "Wrong"


@router.post("/door", dependencies=[Depends(PerAddress("door"))])
async def door(body: Word) -> dict[str, str]:
    return {}


@router.post("/desk", dependencies=[Depends(PerAddress("door")), Depends(PerCaller("desk"))])
async def desk(caller: Caller, body: Word) -> dict[str, str]:
    return {}


@router.post("/guess")
async def guess(request: Request, body: Word) -> dict[str, str]:
    async with work_of(request).parts.failures.attempt("guesses", "safe", Wrong):
        if body.word != "open":
            raise Wrong
    return {}


Start = Callable[..., Awaitable[ServiceKit]]


@pytest.fixture
async def start(shared_database: TestDatabase, key_directory: Path) -> AsyncIterator[Start]:
    """Start an instance of the service `letters` with the given settings."""
    await empty_schema(shared_database, "letters")
    ensure_service_keys(key_directory)
    keys = SigningKeys(key_directory / "keys" / "auth")
    async with AsyncExitStack() as stack:

        async def begin(**settings: Any) -> ServiceKit:
            usual: dict[str, Any] = {
                "database_url": shared_database.urls["letters"],
                "data_dir": key_directory,
                "log_level": "ERROR",
            }
            app: FastAPI = create_service("letters", Settings(**(usual | settings)), [router], isolated=True, keys=keys)
            await stack.enter_async_context(app.router.lifespan_context(app))
            return ServiceKit("letters", app, shared_database, keys, key_directory)

        yield begin


Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def knock() -> Ask:
    """Knock at the door of a kit, from an address."""

    async def ask(kit: ServiceKit, address: str = "192.0.2.1", path: str = "door", **more: Any) -> httpx.Response:
        body = {"json": {"word": "please"}} | more
        return await kit.anonymous.post(f"/api/{path}", headers={"X-Forwarded-For": address}, **body)

    return ask
