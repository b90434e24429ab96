"""What the door makes of a Patient that came as a whole: the rules of storing it are `patient.service`'s."""

import uuid
from typing import Any

from quill_common.access.principal import Principal
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.outcome import Issue
from quill_common.fhir.resource import Resource, StoredResource
from quill_common.http.errors import PatientNotFound

from quill_patients.fhir_api.bodies import require_valid
from quill_patients.fhir_api.outcomes import NotFhir, NotProcessable
from quill_patients.fhir_api.patching import patched
from quill_patients.patient import service
from quill_patients.patient.resource import avatars_of, new_avatar, set_avatars
from quill_patients.patient.service import PatientChangedMeanwhile
from quill_patients.patient.store import PatientStore


async def create(
    write: UnitOfWork, store: PatientStore, principal: Principal, given: Resource, patient_id: str | None = None
) -> StoredResource:
    """Store a new patient under a new id, whatever id it came with, or under `patient_id`. Raises PatientExists."""
    resource = {**given, "id": patient_id or str(uuid.uuid4())}
    set_avatars(resource, [new_avatar()])
    return await service.add(write, store, principal, resource)


async def replace(
    write: UnitOfWork,
    store: PatientStore,
    principal: Principal,
    patient_id: str,
    given: Resource,
    if_match: str | None,
) -> tuple[StoredResource, bool]:
    """Store `given` as the next version, and whether it is the first: who has access to an id may create under it.

    Raises PatientChangedMeanwhile, and PatientExists for an id or NHS number that is taken.
    """
    if given.get("id") != patient_id:
        raise NotFhir([Issue("invalid", "must be the id of the address", expression="Patient.id")])

    def alter(resource: Resource) -> None:
        _become(resource, given)

    try:
        return await service.change(write, store, patient_id, if_match, alter), False
    except PatientNotFound:
        if if_match is not None:
            raise PatientChangedMeanwhile from None
    return await create(write, store, principal, given, patient_id), True


async def patch(
    write: UnitOfWork, store: PatientStore, patient_id: str, document: list[Any], if_match: str | None
) -> StoredResource:
    """Store what a JSON Patch makes of the present version. Raises NotProcessable, PatientNotFound and the others."""

    def alter(resource: Resource) -> None:
        result = patched(resource, document)
        require_valid(result, NotProcessable)
        if result.get("id") != patient_id:
            raise NotProcessable([Issue("processing", "must not change", expression="Patient.id")])
        _become(resource, result)

    return await service.change(write, store, patient_id, if_match, alter)


def _become(resource: Resource, given: Resource) -> None:
    """Take over all of `given` but the avatar, which stays what it was (contract 11.1)."""
    avatars = avatars_of(resource)
    resource.clear()
    resource.update(given)
    set_avatars(resource, avatars)
