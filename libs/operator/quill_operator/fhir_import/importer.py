"""Bring one bundle after the other in: patients first, then their membership, then their notes."""

import time
from collections.abc import Iterator, Set
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from quill_operator.fhir_import.bundle import Bundle, Unreadable, is_storable, read
from quill_operator.fhir_import.notes import NotALetter, letters_of
from quill_operator.fhir_import.report import Refusal, Report
from quill_operator.fhir_import.services import ServiceFailed, Services

PATIENTS_A_CALL: Final = 200
LETTERS_A_CALL: Final = 50
TRIES: Final = 20

T = TypeVar("T")


class Importer:
    """Holds one bundle in memory at a time."""

    def __init__(self, services: Services, organisation_id: int, pause: float = 0.5) -> None:
        self.report = Report()
        self._services = services
        self._organisation_id = organisation_id
        self._pause = pause

    def import_file(self, file: Path) -> None:
        """Everything in `file` that is good; the rest is in the report. Raises ServiceFailed."""
        try:
            bundle = read(file)
        except Unreadable as problem:
            self.report.refuse("files", Refusal(file, None, "file", str(problem)))
            return
        for refusal in bundle.refusals:
            self.report.refuse("entries", refusal)
        refused: set[str] = set()
        for patients in _chunks(self._sendable(bundle), PATIENTS_A_CALL):
            refused |= self._import_patients(bundle, patients)
        for letters in _chunks(self._letters(bundle, refused), LETTERS_A_CALL):
            self._import_letters(bundle, letters)

    def _sendable(self, bundle: Bundle) -> Iterator[tuple[int, Any]]:
        for index, patient in bundle.patients:
            if is_storable(patient):
                yield index, patient
            else:
                reason = "holds text that cannot be kept, or is nested too deeply"
                self.report.refuse("patients", Refusal(bundle.file, index, "Patient", reason))

    def _import_patients(self, bundle: Bundle, patients: list[tuple[int, Any]]) -> set[str]:
        """The ids that were refused: the store may have somebody else under them."""
        body = {"organisation_id": self._organisation_id, "patients": [patient for _, patient in patients]}
        answer, pending = self._services.ask("patients", "POST", "/internal/import/patients", body)
        kept, refused = [], set()
        for (index, _), result in zip(patients, answer["results"], strict=True):
            self._note("patients", bundle.file, index, f"Patient {result.get('id') or 'without id'}", result)
            if result["outcome"] != "refused":
                kept.append(result["id"])
            elif result.get("id"):
                refused.add(result["id"])
        for service in pending:
            self._wait_for(service)
        if kept:
            self._join(kept)
        return refused

    def _join(self, patient_ids: list[str]) -> None:
        """Also those who were here before, and are not members yet."""
        path = f"/internal/organisations/{self._organisation_id}/patients"
        answer, _ = self._services.ask("orgs", "POST", path, {"patient_ids": patient_ids})
        if answer["unknown"]:
            raise ServiceFailed(f"orgs has not heard of {len(answer['unknown'])} patients yet")

    def _wait_for(self, service: Any) -> None:
        """Until `service` has heard of the patients; should it not in time, it refuses what depends on them."""
        for _ in range(TRIES):
            sources, _ = self._services.ask(service, "GET", "/internal/projections")
            if sources["patients"]["behind"] == 0 and sources["patients"]["current"]:
                return
            time.sleep(self._pause)

    def _letters(self, bundle: Bundle, refused: Set[str]) -> Iterator[tuple[int, Any]]:
        for index, note in bundle.notes:
            for letter in letters_of(note, bundle):
                if not isinstance(letter, NotALetter) and letter["patient_id"] in refused:
                    letter = NotALetter("its patient was refused")
                if isinstance(letter, NotALetter):
                    what = f"DocumentReference {note.get('id', 'without id')}"
                    self.report.refuse("notes", Refusal(bundle.file, index, what, str(letter)))
                else:
                    yield index, letter

    def _import_letters(self, bundle: Bundle, letters: list[tuple[int, Any]]) -> None:
        body = {"letters": [letter for _, letter in letters]}
        answer, _ = self._services.ask("letters", "POST", "/internal/import/letters", body)
        for (index, letter), result in zip(letters, answer["results"], strict=True):
            self._note("notes", bundle.file, index, f"DocumentReference {letter['source_id']}", result)

    def _note(self, kind: str, file: Path, index: int, what: str, result: Any) -> None:
        if result["outcome"] == "refused":
            self.report.refuse(kind, Refusal(file, index, what, result.get("reason", "no reason given")))
        else:
            self.report.count(kind, result["outcome"])


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk
