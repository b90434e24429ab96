"""A tiny service whose routes are audited, and a second process of it."""

from fastapi import APIRouter, FastAPI, Request
from quill_common.access.tables import AccessPatient
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Caller, OncePerKey, Read, Write, require_admin, require_competency, require_staff
from quill_common.http.errors import BadRequest, Conflict, NotFound
from quill_common.http.internal import calling_service, internal_router
from quill_common.http.work import WorkRoute
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import ServiceSettings
from quill_common.testing.kit import kit_fixture
from sqlalchemy import insert, select

router = APIRouter(prefix="/api", route_class=WorkRoute)
internal = internal_router("/internal/test", admit=calling_service)

_REFUSALS = {"conflict": Conflict, "bad": BadRequest, "missing": NotFound}


@router.get("/patients/{patient_id}", dependencies=[Audited("patient.read")])
async def read_patient(patient_id: str, caller: Caller, read: Read, fail: str = "") -> dict[str, str]:
    require_staff(caller)
    if fail:
        raise _REFUSALS[fail]
    return {"id": patient_id, "secret": "a clinical fact"}


@router.get("/patients", dependencies=[Audited("patient.list")])
async def list_patients(caller: Caller, read: Read, note: Note) -> list[str]:
    found = list(await read.values(select(AccessPatient.id).order_by(AccessPatient.id)))
    note.about_all(found)
    note.add(count=len(found))
    return found


@router.post("/patients/{patient_id}", dependencies=[Audited("patient.create")])
async def create_patient(
    patient_id: str, caller: Caller, write: Write, once: OncePerKey, note: Note, fail: str = ""
) -> dict[str, str]:
    require_admin(caller)
    await once.begin()
    await write.execute(insert(AccessPatient).values(id=patient_id))
    if fail:
        raise _REFUSALS[fail]
    note.subject(caller.id)
    note.target("letter/1")
    return {"id": patient_id}


@router.post("/competent/{competency}")
async def competent(request: Request, competency: str, caller: Caller, write: Write, fail: str = "") -> dict[str, str]:
    require_competency(request, caller, competency)
    if fail:
        raise _REFUSALS[fail]
    return {}


@router.get("/plain/{patient_id}")
async def plain(patient_id: str, caller: Caller) -> dict[str, str]:
    return {"id": patient_id}


@internal.get("/patients/{patient_id}", dependencies=[Audited("patient.read")])
async def read_internally(request: Request, patient_id: str, read: Read) -> dict[str, str]:
    return {"id": patient_id}


def create_app(settings: ServiceSettings, *, isolated: bool, keys: KeySource | None) -> FastAPI:
    return create_service("letters", settings, [router, internal], isolated=isolated, keys=keys)


session_kit = kit_fixture("letters", create_app, ServiceSettings)
