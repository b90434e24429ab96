"""The rules of prescribing."""

from uuid import uuid4

from quill_common.access.policy import patient_exists
from quill_common.access.principal import Principal
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.callers import AccessDenied

from quill_patients.prescription import repository
from quill_patients.prescription.schemas import PrescriptionIn, PrescriptionOut


async def prescribe(write: UnitOfWork, prescriber: Principal, wanted: PrescriptionIn) -> PrescriptionOut:
    """Store a prescription; the caller's access was decided before.

    Raises AccessDenied for a patient that is not there, as a grant may outlive one: the contract knows no 404 here.
    """
    if not await patient_exists(write, wanted.patient_id):
        raise AccessDenied
    prescription_id = f"RX-{uuid4()}"
    row = {"id": prescription_id, "prescriber_id": prescriber.id, "prescriber": prescriber.username}
    await repository.add(write, {**row, **wanted.model_dump()})
    return PrescriptionOut(prescription_id=prescription_id, prescriber=prescriber.username, **wanted.model_dump())
