"""The rules of creating, reading, listing and changing patients."""

import secrets
import uuid
from collections.abc import Callable
from typing import Final

from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.events.catalogue.patients import PatientChanged, PatientCreated
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.resource import Resource, StoredResource, matches_etag
from quill_common.fhir.store import ResourceExists, VersionConflict
from quill_common.http.callers import AccessDenied
from quill_common.http.errors import Conflict, PatientNotFound, PreconditionFailed, StoreUnavailable

from quill_patients.patient import repository
from quill_patients.patient.nhs_number import has_several, require_one_number
from quill_patients.patient.resource import AVATARS, gives_nothing, new_patient, set_fields
from quill_patients.patient.schemas import PatientCreateIn, PatientUpdateIn
from quill_patients.patient.store import RESOURCE_TYPE, PatientStore

TRIES: Final = 5


class PatientExists(Conflict):
    """Tells that somebody has this id or NHS number, so whoever tries numbers is on record with each that is taken."""

    detail = "Patient already exists"
    an_attempt = True


class PatientChangedMeanwhile(PreconditionFailed):
    detail = "Patient was changed by someone else"


async def read(reader: Reader, store: PatientStore, principal: Principal, patient_id: str) -> tuple[int, str]:
    """The version and JSON text. Access is decided before existence. Raises AccessDenied or PatientNotFound."""
    found = await store.find(reader, principal, patient_id)
    if not found.allowed:
        raise AccessDenied
    if found.version is None or found.content is None:
        raise PatientNotFound
    return found.version, found.content


async def create(
    write: UnitOfWork, store: PatientStore, principal: Principal, fields: PatientCreateIn, own_id: str | None = None
) -> StoredResource:
    """Store a new patient under the wanted id, else `own_id`. Raises PatientExists when id or NHS number is taken."""
    patient_id = fields.patient_id or own_id or str(uuid.uuid4())
    return await add(write, store, principal, new_patient(patient_id, secrets.randbelow(AVATARS), fields))


async def add(write: UnitOfWork, store: PatientStore, principal: Principal, resource: Resource) -> StoredResource:
    """Store a resource that is valid as a new patient. Raises PatientExists, or a 422 for several NHS numbers."""
    require_one_number(resource)
    try:
        stored = await store.create(write, resource)
    except ResourceExists as problem:
        raise PatientExists from problem
    # Admins join nothing: they add the patient to an organisation in a second step.
    joins = principal.level == "staff"
    organisation = await repository.primary_organisation(write, principal) if joins else None
    await write.publish(PatientCreated(id=stored.id, organisation_id=organisation))
    return stored


async def update(
    write: UnitOfWork, store: PatientStore, patient_id: str, fields: PatientUpdateIn, if_match: str | None
) -> StoredResource:
    """Change what is given. Raises PatientNotFound, PatientChangedMeanwhile, or PatientExists for a taken number."""
    alter = None if gives_nothing(fields) else lambda resource: set_fields(resource, fields)
    return await change(write, store, patient_id, if_match, alter)


async def change(
    write: UnitOfWork,
    store: PatientStore,
    patient_id: str,
    if_match: str | None,
    alter: Callable[[Resource], None] | None,
) -> StoredResource:
    """Store what `alter` makes of the present version as the next one; with None only check and read.

    Who was faster is not overwritten: with `if_match` that is PatientChangedMeanwhile, without it the change is made
    again from what the other wrote. Raises PatientNotFound; PatientExists when the new NHS number is another's.
    """
    for _ in range(TRIES):
        present = await store.read_to_change(write, RESOURCE_TYPE, patient_id)
        if present is None:
            raise PatientNotFound
        require_match(present, if_match)
        if alter is None:
            return present
        try:
            stored = await store.update(write, _altered(present, alter), present.version)
        except VersionConflict:
            continue
        except ResourceExists as problem:
            raise PatientExists from problem
        await write.publish(PatientChanged(id=patient_id, version=stored.version))
        return stored
    raise StoreUnavailable


def require_match(present: StoredResource, if_match: str | None) -> None:
    """Raise PatientChangedMeanwhile when a version is named and is not the present one."""
    if if_match is not None and not matches_etag(if_match, present.version):
        raise PatientChangedMeanwhile


def _altered(present: StoredResource, alter: Callable[[Resource], None]) -> Resource:
    """Several NHS numbers stay where they were before; nobody gets them anew."""
    resource = present.resource()
    had_several = has_several(resource)
    alter(resource)
    if not had_several:
        require_one_number(resource)
    return resource
