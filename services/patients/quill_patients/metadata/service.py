"""The rules of leaving and re-entering the lists. Reading by id, letters and conversations go on."""

from quill_common.events.catalogue.patients import PatientActivated, PatientDeactivated
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import PatientNotFound

from quill_patients.metadata import repository
from quill_patients.patient.store import RESOURCE_TYPE, PatientStore


async def set_active(write: UnitOfWork, store: PatientStore, patient_id: str, *, active: bool) -> None:
    """Idempotent: only a change is published. Raises PatientNotFound."""
    if await store.read(write, RESOURCE_TYPE, patient_id) is None:
        raise PatientNotFound
    if await repository.set_active(write, patient_id, active=active):
        await write.publish(PatientActivated(id=patient_id) if active else PatientDeactivated(id=patient_id))
    else:
        write.found_done()
