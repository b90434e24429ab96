"""The rules of deleting a patient and of bringing one back. Who may is decided by the routes.

What is deleted is nowhere but in the history. Memberships and what others keep about the patient stay, so that who
comes back is where they were.
"""

from quill_common.events.catalogue.patients import PatientCreated, PatientDeactivated, PatientDeleted
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.resource import Resource, StoredResource
from quill_common.fhir.store import ResourceExists, VersionConflict
from quill_common.http.errors import PatientNotFound

from quill_patients.metadata import repository as metadata
from quill_patients.patient.nhs_number import require_one_number
from quill_patients.patient.service import PatientChangedMeanwhile, PatientExists, require_match
from quill_patients.patient.store import RESOURCE_TYPE, PatientStore


async def newest(write: UnitOfWork, store: PatientStore, patient_id: str) -> StoredResource | None:
    """The newest version, also one that says deleted; None when there never was such a patient."""
    versions = await store.history(write, RESOURCE_TYPE, patient_id, limit=1)
    return versions[0] if versions else None


async def delete(
    write: UnitOfWork, store: PatientStore, patient_id: str, if_match: str | None = None
) -> StoredResource:
    """Delete a patient; the version that says so. Idempotent: of a deleted one that it has.

    Raises PatientNotFound or PatientChangedMeanwhile.
    """
    present = await store.read_to_change(write, RESOURCE_TYPE, patient_id)
    if present is None:
        return await _deleted_before(write, store, patient_id)
    require_match(present, if_match)
    try:
        gone = await store.delete(write, RESOURCE_TYPE, patient_id, present.version)
    except VersionConflict as problem:
        raise PatientChangedMeanwhile from problem
    await write.publish(PatientDeleted(id=patient_id))
    return gone


async def _deleted_before(write: UnitOfWork, store: PatientStore, patient_id: str) -> StoredResource:
    gone = await newest(write, store, patient_id)
    if gone is None:
        raise PatientNotFound
    write.found_done()
    return gone


async def restore(write: UnitOfWork, store: PatientStore, resource: Resource, deleted: int) -> StoredResource:
    """Bring a patient back as `resource`, which is valid; `deleted` is the version that says deleted.

    Raises PatientChangedMeanwhile, PatientExists when the NHS number is another's by now, or a 422 for several of them.
    """
    require_one_number(resource)
    try:
        stored = await store.update(write, resource, deleted)
    except VersionConflict as problem:
        raise PatientChangedMeanwhile from problem
    except ResourceExists as problem:
        raise PatientExists from problem
    await write.publish(PatientCreated(id=stored.id))
    if not await metadata.is_active(write, stored.id):
        await write.publish(PatientDeactivated(id=stored.id))  # it left the lists before, and stays out of them
    return stored
