"""The rules of the import: what came is stored as it came, and what is stored already is never overwritten."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from quill_common.events.catalogue.patients import PatientCreated
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.resource import Resource, StoredResource, is_fhir_id, same_content
from quill_common.fhir.validation import InvalidResource, validate

from quill_patients.imports.schemas import ImportIn, ImportResult
from quill_patients.patient.store import RESOURCE_TYPE, STORE

_DIFFERENT: Final = "a different record is stored under this id, and an import does not overwrite"

_TAKEN: Final = "an identifier that only one patient may have is another patient's"


async def import_patients(write: UnitOfWork, given: ImportIn) -> list[ImportResult]:
    """Store each patient that is valid and new; the others are told about and do not hinder them.

    Ids are taken in one order, so that two imports of the same patients at once do not block each other for good.
    """
    results = {number: await _refused(patient) for number, patient in enumerate(given.patients)}
    valid = sorted((given.patients[number]["id"], number) for number, refused in results.items() if refused is None)
    stored = set(await STORE.create_all(write, [given.patients[number] for _, number in valid]))
    await write.publish_all([PatientCreated(id=each, organisation_id=given.organisation_id) for each in sorted(stored)])
    late = []
    for patient_id, number in valid:
        if patient_id in stored:
            stored.remove(patient_id)  # the same id once more in this call has come too late
            results[number] = ImportResult(id=patient_id, outcome="created")
        else:
            late.append((patient_id, number))
    there = await STORE.histories(write, RESOURCE_TYPE, {patient_id for patient_id, _ in late}) if late else {}
    for patient_id, number in late:
        results[number] = _compared(given.patients[number], there.get(patient_id, ()))
    return [result for _, result in sorted(results.items()) if result is not None]


async def _refused(patient: Any) -> ImportResult | None:
    """Why it cannot be stored, whatever is stored already."""
    await asyncio.sleep(0)  # judging takes a while, and others want their answers meanwhile
    try:
        validate(patient, RESOURCE_TYPE)
    except InvalidResource as problem:
        return ImportResult(id=_id(patient) or None, outcome="refused", reason=str(problem))
    return None if _id(patient) else ImportResult(id=None, outcome="refused", reason="id: is missing")


def _compared(patient: Resource, versions: Sequence[StoredResource]) -> ImportResult:
    """Unchanged when this very content was stored before, also if clinicians have changed the record since."""
    if any(same_content(patient, version.resource()) for version in versions):
        return ImportResult(id=patient["id"], outcome="unchanged")
    return ImportResult(id=patient["id"], outcome="refused", reason=_DIFFERENT if versions else _TAKEN)


def _id(patient: Any) -> str:
    """The id if it is one, else an empty string."""
    given = patient.get("id") if isinstance(patient, dict) else None
    return str(given) if is_fhir_id(given) else ""
