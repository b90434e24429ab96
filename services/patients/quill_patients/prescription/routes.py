"""`POST /api/prescriptions/controlled` (contract 6.11). Not clinical: it goes on where clinical services are off."""

from typing import Final

from fastapi import APIRouter, Depends, Request
from quill_common.audit.declared import Audited, Note
from quill_common.fhir.resource import is_fhir_id
from quill_common.http.callers import Caller, OncePerKey, Write, require_clinical_access, require_competency
from quill_common.http.work import WorkRoute

from quill_patients.prescription import service
from quill_patients.prescription.schemas import PrescriptionIn, PrescriptionOut

PRESCRIBE: Final = "prescribe_controlled_schedule_2"

router = APIRouter(prefix="/api/prescriptions", tags=["prescriptions"], route_class=WorkRoute)


async def named(request: Request, note: Note) -> None:
    """Name the patient before anybody is refused, also by a body that is not looked at further."""
    given = await request.json()
    patient_id = given.get("patient_id") if isinstance(given, dict) else None
    if isinstance(patient_id, str) and is_fhir_id(patient_id):
        note.about(patient_id)


async def prescriber(request: Request, caller: Caller) -> None:
    """Refuse who may not prescribe such drugs at all, before a patient is asked for."""
    require_competency(request, caller, PRESCRIBE)


@router.post(
    "/controlled",
    operation_id="prescribeControlled",
    status_code=201,
    dependencies=[Audited("prescription.create"), Depends(named), Depends(prescriber)],
)
async def prescribe_controlled(
    caller: Caller, write: Write, once: OncePerKey, note: Note, body: PrescriptionIn
) -> PrescriptionOut:
    """Prescribe a Schedule 2 controlled drug."""
    await require_clinical_access(write, caller, body.patient_id)
    await once.begin()
    prescribed = await service.prescribe(write, caller, body)
    note.target(f"prescription/{prescribed.prescription_id}")
    return prescribed
