"""`/api/patients` and `/api/patients/{patient_id}` (contract 6.1, 6.2, 6.4, 6.5)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from quill_common.access.principal import Principal, principal_of
from quill_common.database.faults import is_database_away
from quill_common.fhir.resource import etag_of
from quill_common.http.callers import (
    Caller,
    Clinical,
    OncePerKey,
    Read,
    Write,
    claims_of,
    require_administrative_access,
    require_staff,
    signed_in,
)
from quill_common.http.errors import Unavailable
from quill_common.http.paging import Paging
from quill_common.http.shapes import FhirId
from quill_common.http.work import WorkRoute, work_of

from quill_patients.patient import listing, service
from quill_patients.patient.schemas import PatientCreateIn, PatientOut, PatientsOut, PatientUpdateIn

router = APIRouter(prefix="/api/patients", tags=["patients"], route_class=WorkRoute)

IfMatch = Annotated[str | None, Header(description='The version that the change is made from: `W/"3"`')]


async def staff(caller: Caller) -> None:
    """Refuse who is below level staff, before the body is looked at."""
    require_staff(caller)


async def caller_if_known(request: Request) -> Principal | None:
    """The caller, or None while account and memberships are not known well enough to list anything."""
    try:
        return await _caller_if_level(request)
    except listing.FAULTS as problem:
        if not is_database_away(problem):
            raise
        return None


async def _caller_if_level(request: Request) -> Principal | None:
    """The caller, or None while this service is not level with its sources."""
    work = work_of(request)
    try:
        caller = await signed_in(request)
    except Unavailable:
        claims = await claims_of(request)
        if await principal_of(await work.reader(), claims.user_id, claims.session_id) is None:
            raise
        return None
    return caller if work.parts.consumer.complete else None


def json_answer(content: str | bytes, version: int | None = None) -> Response:
    """JSON that is ready, with its entity tag."""
    headers = None if version is None else {"ETag": etag_of(version)}
    return Response(content, headers=headers, media_type="application/json")


Staff = Depends(staff)
CallerIfKnown = Annotated[Principal | None, Depends(caller_if_known)]


@router.get("", operation_id="listPatients", response_model=PatientsOut, dependencies=[Clinical])
async def list_patients(
    request: Request,
    caller: CallerIfKnown,
    page: Paging,
    include_inactive: Annotated[
        bool, Query(description="Include deactivated patients; has effect for admins only.")
    ] = False,
    scope: Annotated[
        str | None, Query(description="`admin` lifts the restriction to own patients; has effect for admins only.")
    ] = None,
) -> Response:
    """Patients that the caller may see."""
    if caller is None:
        return json_answer(listing.NOT_READY)
    read = await work_of(request).reader()  # open since the caller is known
    return json_answer(await listing.page_of(read, caller, page, scope=scope, include_inactive=include_inactive))


@router.post("", operation_id="createPatient", response_model=PatientOut, dependencies=[Clinical, Staff])
async def create_patient(caller: Caller, write: Write, once: OncePerKey, body: PatientCreateIn) -> Response:
    """Create a patient."""
    await once.begin()
    stored = await service.create(write, caller, body)
    return json_answer(stored.content, stored.version)


@router.get("/{patient_id}", operation_id="getPatient", response_model=PatientOut, dependencies=[Clinical])
async def get_patient(caller: Caller, read: Read, patient_id: FhirId) -> Response:
    """One patient, unwrapped."""
    version, content = await service.read(read, caller, patient_id)
    return json_answer(content, version)


@router.patch("/{patient_id}", operation_id="updatePatient", response_model=PatientOut, dependencies=[Clinical, Staff])
async def update_patient(
    caller: Caller, write: Write, patient_id: FhirId, body: PatientUpdateIn, if_match: IfMatch = None
) -> Response:
    """Change name, birth date, gender, NHS number or MRN."""
    await require_administrative_access(write, caller, patient_id)
    stored = await service.update(write, patient_id, body, if_match)
    return json_answer(stored.content, stored.version)
