"""The rules of bringing letters in: the same letter twice is there once, and a bad one does not stop the rest."""

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID, uuid5

from pydantic import ValidationError
from quill_common.access.policy import patient_exists
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import PatientNotFound

from quill_letters.composition.letter import Letter, Origin
from quill_letters.composition.service import keep, serialised
from quill_letters.imports.schemas import ImportedLetter, ImportResult, Item
from quill_letters.openehr.version_uid import VersionUid
from quill_letters.store.interface import CompositionStore, ContentRefused

UNTITLED: Final = "Clinical note"
UNKNOWN_AUTHOR: Final = "Unknown author"
ORIGINATING_SYSTEM: Final = "fhir-import"

# Part of every imported letter's id: changing it would bring all of them in again.
_NAMESPACE: Final = UUID("c1d6b2f0-6a53-4f0e-8f3e-5b1f0a7f9d21")


async def import_letters(
    work: UnitOfWork, store: CompositionStore, system_id: str, items: Sequence[Item]
) -> list[ImportResult]:
    """Keep each letter that is good; a result for every item, in the order given.

    Locks are taken in one order, so that two imports of the same letters at once do not block each other for good.
    """
    results: dict[int, ImportResult] = {}
    letters: list[tuple[int, ImportedLetter]] = []
    for number, item in enumerate(items):
        try:
            letters.append((number, ImportedLetter.model_validate(item.model_dump())))
        except ValidationError as problem:
            results[number] = _refused(item, _reason(problem))
    for number, letter in sorted(letters, key=lambda numbered: (numbered[1].patient_id, numbered[1].source_id)):
        results[number] = await _import_one(work, store, system_id, letter)
    return [results[number] for number in range(len(items))]


def object_id(patient_id: str, source_id: str) -> UUID:
    """The id that this letter has whenever it is brought in."""
    return uuid5(_NAMESPACE, f"{patient_id}/{source_id}")


async def _import_one(
    work: UnitOfWork, store: CompositionStore, system_id: str, imported: ImportedLetter
) -> ImportResult:
    if not await patient_exists(work, imported.patient_id):
        return _refused(imported, str(PatientNotFound.detail))
    uid = VersionUid(object_id(imported.patient_id, imported.source_id), system_id, 1)
    letter = _letter(imported)
    try:
        async with work.savepoint():
            created = await keep(work, store, imported.patient_id, uid, letter)
    except ContentRefused:
        return _refused(imported, "The clinical store refused its content")
    if not created and await store.read(imported.patient_id, uid) != serialised(letter, uid):
        return _refused(imported, "Was brought in before with another content, and a letter is never overwritten")
    outcome: Literal["created", "unchanged"] = "created" if created else "unchanged"
    return ImportResult(source_id=imported.source_id, patient_id=imported.patient_id, outcome=outcome)


def _refused(item: Item | ImportedLetter, reason: str) -> ImportResult:
    patient_id = item.patient_id if isinstance(item, ImportedLetter) else None
    return ImportResult(source_id=item.source_id, patient_id=patient_id, outcome="refused", reason=reason)


def _letter(imported: ImportedLetter) -> Letter:
    return Letter(
        title=imported.title or UNTITLED,
        body=imported.body,
        author=imported.author_name or UNKNOWN_AUTHOR,
        written_at=imported.written_at,
        origin=Origin(ORIGINATING_SYSTEM, imported.source_id),
    )


def _reason(problem: ValidationError) -> str:
    """Which fields are wrong and why, without what they held."""
    return "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in problem.errors())
