"""`POST /api/patients/verify` (contract 6.3)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Caller, Clinical, Clinician, Read, require_administrative_access
from quill_common.http.errors import NotFound
from quill_common.http.shapes import FHIR_ID
from quill_common.http.work import WorkRoute

from quill_patients.patient.store import RESOURCE_TYPE, Store


class NotInFhirServer(NotFound):
    detail = "Patient not found in FHIR server"


class VerifiedOut(BaseModel):
    patient_id: str
    status: Literal["ready"] = "ready"


AskedPatient = Annotated[str, Query(pattern=FHIR_ID)]


async def named(patient_id: AskedPatient, note: Note) -> None:
    """Name the patient before anybody is refused."""
    note.about(patient_id)


router = APIRouter(prefix="/api/patients", tags=["patients"], route_class=WorkRoute)


@router.post(
    "/verify",
    operation_id="verifyPatient",
    dependencies=[Audited("patient.verify"), Clinical, Depends(named), Clinician],
)
async def verify(caller: Caller, read: Read, store: Store, patient_id: AskedPatient) -> VerifiedOut:
    """Check that a patient is ready for clinical work. Changes nothing."""
    await require_administrative_access(read, caller, patient_id)
    if await store.read(read, RESOURCE_TYPE, patient_id) is None:
        raise NotInFhirServer
    return VerifiedOut(patient_id=patient_id)
