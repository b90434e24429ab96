"""The rules of the import: what came is stored as it came, and what is stored already is never overwritten."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from quill_common.events.catalogue.patients import PatientCreated
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.resource import Resource, StoredResource, is_fhir_id, same_content
from quill_common.fhir.store import ResourceExists
from quill_common.fhir.validation import InvalidResource, validate

from quill_patients.imports.schemas import ImportIn, ImportResult
from quill_patients.patient.nhs_number import SEVERAL, has_several
from quill_patients.patient.store import RESOURCE_TYPE, PatientStore

_DIFFERENT: Final = "a different record is stored under this id, and an import does not overwrite"
_DELETED: Final = "the record of this id was deleted, and an import does not bring it back"
_NUMBER_TAKEN: Final = "another patient has this NHS number"


async def import_patients(write: UnitOfWork, store: PatientStore, given: ImportIn) -> list[ImportResult]:
    """Store each patient that is valid and new; the others are told about and do not hinder them.

    Ids are taken in one order, so that two imports of the same patients at once do not block each other for good.
    """
    results = {number: await _refused(patient) for number, patient in enumerate(given.patients)}
    valid = sorted((given.patients[number]["id"], number) for number, refused in results.items() if refused is None)
    patients = [given.patients[number] for _, number in valid]
    stored = await store.create_all(write, patients)
    await _publish(write, stored, given.organisation_id)
    present = await store.read_all(write, RESOURCE_TYPE, _taken(valid, stored))
    for (_, number), patient, found in zip(valid, patients, stored, strict=True):
        results[number] = await _result(write, store, patient, found, present)
    return [result for _, result in sorted(results.items()) if result is not None]


async def _refused(patient: Any) -> ImportResult | None:
    """Why it cannot be stored, whatever is stored already."""
    await asyncio.sleep(0)  # judging takes a while, and others want their answers meanwhile
    try:
        validate(patient, RESOURCE_TYPE)
    except InvalidResource as problem:
        return ImportResult(id=_id(patient) or None, outcome="refused", reason=str(problem))
    if not _id(patient):
        return ImportResult(id=None, outcome="refused", reason="id: is missing")
    if has_several(patient):
        return ImportResult(id=patient["id"], outcome="refused", reason=f"identifier: {SEVERAL}")
    return None


async def _publish(
    write: UnitOfWork, stored: Sequence[StoredResource | ResourceExists], organisation_id: int | None
) -> None:
    created = [each.id for each in stored if isinstance(each, StoredResource)]
    await write.publish_all([PatientCreated(id=each, organisation_id=organisation_id) for each in created])


async def _result(
    write: UnitOfWork,
    store: PatientStore,
    patient: Resource,
    found: StoredResource | ResourceExists,
    present: Mapping[str, StoredResource],
) -> ImportResult:
    if isinstance(found, StoredResource):
        return ImportResult(id=found.id, outcome="created")
    if found.taken != "id":
        return ImportResult(id=patient["id"], outcome="refused", reason=_NUMBER_TAKEN)
    now = present.get(patient["id"])
    if now is not None and same_content(patient, now.resource()):
        return ImportResult(id=now.id, outcome="unchanged")
    return await _compare(write, store, patient)


def _taken(given: Sequence[tuple[str, int]], stored: Sequence[StoredResource | ResourceExists]) -> list[str]:
    """The ids that were there before."""
    return [
        patient_id
        for (patient_id, _), each in zip(given, stored, strict=True)
        if isinstance(each, ResourceExists) and each.taken == "id"
    ]


async def _compare(write: UnitOfWork, store: PatientStore, patient: Resource) -> ImportResult:
    """Unchanged when this very content was stored before, also if clinicians have changed the record since."""
    versions = await store.history(write, RESOURCE_TYPE, patient["id"])
    if not versions or versions[0].deleted:
        return ImportResult(id=patient["id"], outcome="refused", reason=_DELETED)
    if any(same_content(patient, version.resource()) for version in versions if not version.deleted):
        return ImportResult(id=patient["id"], outcome="unchanged")
    return ImportResult(id=patient["id"], outcome="refused", reason=_DIFFERENT)


def _id(patient: Any) -> str:
    """The id if it is one, else an empty string."""
    given = patient.get("id") if isinstance(patient, dict) else None
    return str(given) if is_fhir_id(given) else ""
