"""What the door makes of a Patient that came as a whole: the rules of storing it are `patient.service`'s."""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from quill_common.access.principal import Principal
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.outcome import Issue
from quill_common.fhir.resource import Resource, StoredResource, matches_etag
from quill_common.http.errors import PatientNotFound, PreconditionFailed

from quill_patients.fhir_api.bodies import require_valid
from quill_patients.fhir_api.outcomes import NotFhir, NotProcessable, PatientDeleted
from quill_patients.fhir_api.patching import patched
from quill_patients.patient import deletion, service
from quill_patients.patient.resource import AVATARS, avatar_extension, avatars_of, set_avatars
from quill_patients.patient.service import PatientChangedMeanwhile
from quill_patients.patient.store import RESOURCE_TYPE, PatientStore


class PatientThere(PreconditionFailed):
    detail = "Patient is there already"


@dataclass(frozen=True, slots=True)
class Conditions:
    """The headers under which a replacement is wanted."""

    if_match: str | None = None
    if_none_match: str | None = None

    def require_none_match(self, present: Resource) -> None:
        """Raises PatientThere: with `If-None-Match: *` nothing is overwritten (RFC 9110, 13.1.2)."""
        if self.if_none_match and matches_etag(self.if_none_match, int(present["meta"]["versionId"])):
            raise PatientThere


async def create(
    write: UnitOfWork, store: PatientStore, principal: Principal, given: Resource, patient_id: str | None = None
) -> StoredResource:
    """Store a new patient under a new id, whatever id it came with, or under `patient_id`. Raises PatientExists."""
    resource = {**given, "id": patient_id or str(uuid.uuid4())}
    set_avatars(resource, [avatar_extension(secrets.randbelow(AVATARS))])
    return await service.add(write, store, principal, resource)


async def replace(
    write: UnitOfWork,
    store: PatientStore,
    principal: Principal,
    patient_id: str,
    given: Resource,
    conditions: Conditions,
) -> tuple[StoredResource, bool]:
    """Store `given` as the next version, and whether it is one that was not there: who has access to an id that was
    never used may create under it, an admin may bring back what was deleted.

    Raises PatientChangedMeanwhile, PatientThere, PatientDeleted, and PatientExists for an id or NHS number that is
    taken.
    """
    if given.get("id") != patient_id:
        raise NotFhir([Issue("invalid", "must be the id of the address", expression="Patient.id")])

    def alter(resource: Resource) -> None:
        conditions.require_none_match(resource)
        _become(resource, given)

    if_match = conditions.if_match
    try:
        return await service.change(write, store, patient_id, if_match, alter), False
    except PatientNotFound:
        newest = await deletion.newest(write, store, patient_id)
    if newest is None:
        if if_match is not None:
            raise PatientChangedMeanwhile
        return await create(write, store, principal, given, patient_id), True
    if not principal.is_admin:
        raise PatientDeleted
    service.require_match(newest, if_match)
    return await _bring_back(write, store, newest, given), True


async def _bring_back(
    write: UnitOfWork, store: PatientStore, deleted: StoredResource, given: Resource
) -> StoredResource:
    """With the avatar that it had."""
    before = await store.read_version(write, RESOURCE_TYPE, deleted.id, deleted.version - 1)
    resource = before.resource() if before is not None and not before.deleted else {}
    _become(resource, given)
    return await deletion.restore(write, store, resource, deleted.version)


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
