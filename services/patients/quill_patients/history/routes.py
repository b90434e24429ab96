"""`/api/patients/{patient_id}/history` (beyond the contract)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import ready_json
from quill_common.http.callers import Caller, Clinical, Read, require_administrative_access
from quill_common.http.paging import Paging
from quill_common.http.shapes import MAX_BIGINT, FhirId
from quill_common.http.work import WorkRoute

from quill_patients.history import service
from quill_patients.history.schemas import HistoryOut
from quill_patients.patient.routes import versioned
from quill_patients.patient.schemas import PatientOut
from quill_patients.patient.store import Store

router = APIRouter(
    prefix="/api/patients/{patient_id}/history", tags=["patients"], route_class=WorkRoute, dependencies=[Clinical]
)

Version = Annotated[int, Path(ge=1, le=MAX_BIGINT)]


@router.get(
    "", operation_id="listPatientVersions", response_model=HistoryOut, dependencies=[Audited("patient_history.read")]
)
async def get_history(caller: Caller, read: Read, store: Store, patient_id: FhirId, page: Paging) -> Response:
    """Every version of the record, newest first."""
    await require_administrative_access(read, caller, patient_id)
    return ready_json(await service.page_of(read, store, patient_id, page))


@router.get(
    "/{version}",
    operation_id="getPatientVersion",
    response_model=PatientOut,
    dependencies=[Audited("patient_version.read")],
)
async def get_version(
    caller: Caller, read: Read, store: Store, note: Note, patient_id: FhirId, version: Version
) -> Response:
    """The record as it was in one version, unwrapped."""
    await require_administrative_access(read, caller, patient_id)
    note.add(version=version)
    found = await service.one(read, store, patient_id, version)
    return versioned(found.content, found.version)
