"""A tiny service of our own on the shared layer: things that are written, listed, refused and broken."""

import asyncio
from typing import Any

import orjson
import pytest
from fastapi import APIRouter, FastAPI, Response
from quill_common.access.tables import AccessPatient
from quill_common.http.callers import Caller, Clinical, OncePerKey, Read, Write, require_admin
from quill_common.http.errors import Conflict
from quill_common.http.paging import Paging
from quill_common.http.shapes import Body, ExactBody, FhirId, Id, JsonObject, OptionalText, PathId, Text, Trimmed
from quill_common.http.work import WorkRoute
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import ServiceSettings
from quill_common.testing.kit import ServiceKit, kit_fixture
from sqlalchemy import insert, select, text

router = APIRouter(prefix="/api", route_class=WorkRoute)
arrived, released = asyncio.Event(), asyncio.Event()


class Thing(ExactBody):
    id: Text


class Shapes(Body):
    """One field of each kind that bodies are made of; all optional."""

    text: Text = ""
    trimmed: Trimmed = ""
    optional: OptionalText = None
    id: Id = 0
    free: JsonObject = {}


@router.get("/things")
async def list_things(read: Read, page: Paging) -> dict[str, Any]:
    found = select(AccessPatient.id).order_by(AccessPatient.id).limit(page.fetch)
    after = page.after(str)
    rows = await read.rows(found if after is None else found.where(AccessPatient.id > after[0]))
    shown, next_cursor = page.cut(rows, lambda row: (row.id,))
    return {"things": [row.id for row in shown], "next_cursor": next_cursor}


@router.post("/things")
async def add_thing(caller: Caller, write: Write, once: OncePerKey, body: Thing) -> dict[str, str]:
    require_admin(caller)
    await once.begin()
    if body.id == "slow":
        arrived.set()
        await released.wait()
    await write.execute(insert(AccessPatient).values(id=body.id))
    if body.id == "refused":
        raise Conflict("No such thing")
    if body.id == "broken":
        raise RuntimeError("secret of the house")
    return {"id": body.id}


@router.post("/anonymous")
async def anonymous(write: Write, once: OncePerKey, body: Thing) -> dict[str, str]:
    await once.begin()
    await write.execute(insert(AccessPatient).values(id=body.id))
    return {"id": body.id}


@router.put("/shapes/{number}/{fhir_id}")
async def shapes(number: PathId, fhir_id: FhirId, body: Shapes) -> Shapes:
    return body


@router.post("/clinical", dependencies=[Clinical])
async def clinical(caller: Caller) -> dict[str, str]:
    return {}


@router.get("/sql")
async def run_sql(read: Read, statement: str) -> Response:
    await read.rows(text(statement))
    return Response(orjson.dumps({}), media_type="application/json")


@router.get("/raise/{kind}")
async def raise_it(kind: str) -> None:
    raise {"os": OSError, "timeout": TimeoutError, "runtime": RuntimeError, "key": KeyError}[kind]("secret")


def create_app(settings: ServiceSettings, *, isolated: bool, keys: KeySource | None) -> FastAPI:
    return create_service("letters", settings, [router], isolated=isolated, keys=keys)


session_kit = kit_fixture("letters", create_app, ServiceSettings)


@pytest.fixture
async def kit(session_kit: ServiceKit) -> ServiceKit:
    await session_kit.empty()
    arrived.clear()
    released.clear()
    return session_kit


@pytest.fixture
def has_arrived() -> asyncio.Event:
    """Set once a slow request holds its key."""
    return arrived


@pytest.fixture
def release() -> asyncio.Event:
    """Lets a slow request go on."""
    return released
