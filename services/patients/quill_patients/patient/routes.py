"""`/api/patients` and `/api/patients/{patient_id}` (contract 6.1, 6.2, 6.4, 6.5)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from quill_common.access.principal import Principal, principal_of
from quill_common.audit.declared import Audited, Note
from quill_common.database.faults import is_database_away
from quill_common.fhir.resource import etag_of
from quill_common.http.answers import ready_json
from quill_common.http.callers import (
    Caller,
    Clinical,
    OncePerKey,
    Read,
    Staff,
    Write,
    claims_of,
    require_administrative_access,
    signed_in,
)
from quill_common.http.errors import Unavailable
from quill_common.http.if_match import IfMatch
from quill_common.http.paging import Paging
from quill_common.http.shapes import ADDITIVE, FhirId, blank_is
from quill_common.http.work import WorkRoute, work_of

from quill_patients.patient import listing, service
from quill_patients.patient.schemas import PatientCreateIn, PatientOut, PatientsOut, PatientUpdateIn
from quill_patients.patient.store import Store
from quill_patients.search.query import Search

router = APIRouter(prefix="/api/patients", tags=["patients"], route_class=WorkRoute)


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


def versioned(content: str, version: int) -> Response:
    """A record's JSON text, with its entity tag."""
    response = ready_json(content)
    response.headers["ETag"] = etag_of(version)
    return response


CallerIfKnown = Annotated[Principal | None, Depends(caller_if_known)]


@router.get(
    "", operation_id="listPatients", response_model=PatientsOut, dependencies=[Audited("patient.list"), Clinical]
)
async def list_patients(
    request: Request,
    caller: CallerIfKnown,
    store: Store,
    page: Paging,
    search: Search,
    note: Note,
    include_inactive: Annotated[
        bool, Query(description="Include deactivated patients; has effect for admins only."), blank_is(False)
    ] = False,
    scope: Annotated[
        str | None, Query(description="`admin` lifts the restriction to own patients; has effect for admins only.")
    ] = None,
    total: Annotated[
        bool,
        Query(description="Also count the patients on all pages.", json_schema_extra=dict(ADDITIVE)),
        blank_is(False),
    ] = False,
) -> Response:
    """Patients that the caller may see, and that all criteria hold for."""
    listed = None
    if caller is not None:
        read = await work_of(request).reader()  # open since the caller is known
        wanted = search.wanted_by(caller, everyone=scope == "admin", include_inactive=include_inactive)
        listed = await listing.page_of(read, store, caller, wanted, page, total=total)
    if listed is None:
        note.nothing_shown()
        return ready_json(listing.NOT_READY)
    note.about_all(listed.patient_ids)
    if search.names:
        note.add(searched=search.names)
    return ready_json(listed.answer)


@router.post(
    "",
    operation_id="createPatient",
    response_model=PatientOut,
    dependencies=[Audited("patient.create"), Clinical, Staff],
)
async def create_patient(
    caller: Caller, write: Write, store: Store, once: OncePerKey, note: Note, body: PatientCreateIn
) -> Response:
    """Create a patient."""
    if body.patient_id:
        note.about(body.patient_id)
    await once.begin(makes=None if body.patient_id else note.about)
    stored = await service.create(write, store, caller, body, once.id_to_give)
    note.about(stored.id)
    return versioned(stored.content, stored.version)


@router.get(
    "/{patient_id}",
    operation_id="getPatient",
    response_model=PatientOut,
    dependencies=[Audited("patient.read"), Clinical],
)
async def get_patient(caller: Caller, read: Read, store: Store, patient_id: FhirId) -> Response:
    """One patient, unwrapped."""
    version, content = await service.read(read, store, caller, patient_id)
    return versioned(content, version)


@router.patch(
    "/{patient_id}",
    operation_id="updatePatient",
    response_model=PatientOut,
    dependencies=[Audited("patient.update"), Clinical, Staff],
)
async def update_patient(
    caller: Caller, write: Write, store: Store, patient_id: FhirId, body: PatientUpdateIn, if_match: IfMatch
) -> Response:
    """Change name, birth date, gender, NHS number or MRN."""
    await require_administrative_access(write, caller, patient_id)
    stored = await service.update(write, store, patient_id, body, if_match)
    return versioned(stored.content, stored.version)
