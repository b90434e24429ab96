"""Bring files in: patients first, then their membership, then their notes. Never more than a few calls in memory."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from quill_operator.fhir_import.in_flight import in_flight
from quill_operator.fhir_import.levels import Levels
from quill_operator.fhir_import.notes import NotALetter, letters_of
from quill_operator.fhir_import.reading import NDJSON, Bad, Entry, Unreadable, entries
from quill_operator.fhir_import.references import References, is_storable
from quill_operator.fhir_import.report import Refusal, Report
from quill_operator.fhir_import.services import ServiceFailed, Services

PATIENTS_A_CALL: Final = 200
LETTERS_A_CALL: Final = 50

T = TypeVar("T")
Letters = list[tuple[Entry, Any]]


class FileChanged(Exception):
    """A file that is not what it was when it was looked through."""


class Importer:
    """Imports into one organisation. `told` hears after each call how many patients and notes have come in."""

    def __init__(
        self,
        services: Services,
        organisation_id: int,
        report: Report,
        pause: float = 0.5,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self.report = report
        self._services = services
        self._organisation_id = organisation_id
        self._levels = Levels(services, pause)
        self._told = told

    def import_files(self, files: Sequence[Path]) -> None:
        """Everything that is good; the rest is in the report. Raises ServiceFailed or FileChanged.

        A bundle is about itself; NDJSON files are about each other, since an export has one for each kind of resource.
        """
        lines = [file for file in files if file.suffix == NDJSON]
        for together in [[file] for file in files if file.suffix != NDJSON] + ([lines] if lines else []):
            with closing(References()) as known:
                self._import(together, known)
        self._levels.wait_for_all()

    def _import(self, files: Sequence[Path], known: References) -> None:
        """Twice or three times through the files: to know what references mean, for the patients, for the notes."""
        good = [(file, kinds) for file in files if (kinds := self._look_through(file, known)) is not None]
        patients = self._patients(file for file, kinds in good if "Patient" in kinds)
        for chunk, answer in in_flight(self._send_patients, _chunks(patients, PATIENTS_A_CALL)):
            self._take_in(chunk, answer, known)
        notes = (file for file, kinds in good if "DocumentReference" in kinds)
        for letters in _chunks(self._letters(notes, known), LETTERS_A_CALL):
            self._import_letters(letters)

    def _look_through(self, file: Path, known: References) -> set[str] | None:
        """The kinds of resources in `file`, None when it cannot be read to its end."""
        kinds = set()
        try:
            for entry in entries(file):
                if isinstance(entry, Bad):
                    self.report.refuse("entries", Refusal(file, entry.index, "entry", entry.reason))
                else:
                    kinds.add(entry.kind)
                    known.add(entry)
        except Unreadable as problem:
            self.report.refuse("files", Refusal(file, None, "file", str(problem)))
            return None
        return kinds

    def _patients(self, files: Iterator[Path]) -> Iterator[Entry]:
        for entry in _of_kind(files, "Patient"):
            if is_storable(entry.resource):
                yield entry
            else:
                reason = "holds text that cannot be kept, or is nested too deeply"
                self.report.refuse("patients", Refusal(entry.file, entry.index, "Patient", reason))

    def _send_patients(self, chunk: list[Entry]) -> tuple[Any, list[str]]:
        body = {"organisation_id": self._organisation_id, "patients": [entry.resource for entry in chunk]}
        return self._services.ask("patients", "POST", "/internal/import/patients", body)

    def _take_in(self, chunk: list[Entry], answer: tuple[Any, list[str]], known: References) -> None:
        results, pending = answer
        self._levels.behind(pending)
        stayed = []
        for entry, result in zip(chunk, results["results"], strict=True):
            self._note("patients", entry, f"Patient {result.get('id') or 'without id'}", result)
            if result["outcome"] == "unchanged":
                stayed.append(result["id"])
            elif result["outcome"] == "refused" and result.get("id"):
                known.refuse(result["id"])
        if stayed:
            self._join(stayed)
        self._told()

    def _join(self, patient_ids: list[str]) -> None:
        """Those who were here before, and may not be members yet. New ones join as they are created."""
        self._levels.wait_for("orgs")
        path = f"/internal/organisations/{self._organisation_id}/patients"
        answer, _ = self._services.ask("orgs", "POST", path, {"patient_ids": patient_ids})
        if answer["unknown"]:
            raise ServiceFailed(f"orgs has not heard of {len(answer['unknown'])} patients yet")

    def _letters(self, files: Iterator[Path], known: References) -> Iterator[tuple[Entry, Any]]:
        for entry in _of_kind(files, "DocumentReference"):
            for letter in letters_of(entry.resource, known):
                if not isinstance(letter, NotALetter) and known.is_refused(letter["patient_id"]):
                    letter = NotALetter("its patient was refused")
                if isinstance(letter, NotALetter):
                    what = f"DocumentReference {entry.resource.get('id', 'without id')}"
                    self.report.refuse("notes", Refusal(entry.file, entry.index, what, str(letter)))
                else:
                    yield entry, letter

    def _import_letters(self, letters: Letters) -> None:
        self._levels.wait_for("letters")
        body = {"letters": [letter for _, letter in letters]}
        answer, _ = self._services.ask("letters", "POST", "/internal/import/letters", body)
        for (entry, letter), result in zip(letters, answer["results"], strict=True):
            self._note("notes", entry, f"DocumentReference {letter['source_id']}", result)
        self._told()

    def _note(self, kind: str, entry: Entry, what: str, result: Any) -> None:
        if result["outcome"] == "refused":
            reason = result.get("reason", "no reason given")
            self.report.refuse(kind, Refusal(entry.file, entry.index, what, reason))
        else:
            self.report.count(kind, result["outcome"])


def _of_kind(files: Iterator[Path], kind: str) -> Iterator[Entry]:
    for file in files:
        try:
            for entry in entries(file):
                if isinstance(entry, Entry) and entry.kind == kind:
                    yield entry
        except Unreadable as problem:
            raise FileChanged(f"{file} has changed while it was read: {problem}") from problem


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk
