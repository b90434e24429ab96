"""Read one bundle: which entries are patients, which are notes, and what references mean in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from quill_common.fhir.json_text import NotJson, parse, require_storable

from quill_operator.fhir_import.report import Refusal

_VERSION: Final = re.compile(r"/_history/[^/]+\Z")
_PATIENT: Final = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})")

Resource = dict[str, Any]


class Unreadable(Exception):
    """A file that is no bundle; says why."""


@dataclass
class Bundle:
    """The entries that an import is about, each with its index."""

    file: Path
    patients: list[tuple[int, Resource]] = field(default_factory=list)
    notes: list[tuple[int, Resource]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    _by_url: dict[str, Resource] = field(default_factory=dict)

    def patient_id(self, reference: str | None) -> str | None:
        """The id of the patient that `reference` means, None when that cannot be told.

        An address on another server says nothing here: that server's patient 1 is not ours.
        """
        if not reference:
            return None
        reference = _VERSION.sub("", reference)
        known = self._by_url.get(reference)
        if known is not None:
            return known.get("id") if known["resourceType"] == "Patient" else None
        match = _PATIENT.fullmatch(reference)
        return match[1] if match else None

    def name(self, reference: str | None) -> str | None:
        """The name of the practitioner or organisation that `reference` means."""
        name = self._by_url.get(reference or "", {}).get("name")
        if isinstance(name, list) and name and isinstance(name[0], dict):
            parts = (part for element in ("prefix", "given", "family") for part in _texts(name[0].get(element)))
            return next(_texts(name[0].get("text")), None) or " ".join(parts) or None
        return next(_texts(name), None)

    def add(self, index: int, entry: Any) -> None:
        """Take note of one entry."""
        if isinstance(entry, dict) and "resource" not in entry and "request" in entry:
            return  # a deletion of a transaction: there is nothing to bring in
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(resource, dict) or not isinstance(kind, str):
            self.refusals.append(Refusal(self.file, index, "entry", "holds no resource"))
            return
        self._by_url[f"{kind}/{resource.get('id')}"] = resource
        if isinstance(entry.get("fullUrl"), str):
            self._by_url[entry["fullUrl"]] = resource
        if kind == "Patient":
            self.patients.append((index, resource))
        elif kind == "DocumentReference":
            self.notes.append((index, resource))


def _texts(value: Any) -> Iterator[str]:
    """The texts of an element that nobody has validated."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and text.strip() and is_storable(text):
            yield text


def is_storable(value: Any) -> bool:
    """Whether it can be sent and kept: no NUL, no half surrogate pair, not nested too deeply."""
    try:
        require_storable(value)
    except NotJson:
        return False
    return True


def files_of(paths: list[Path]) -> Iterator[Path]:
    """The files named, and every `*.json` below the folders named."""
    for path in paths:
        yield from sorted(path.rglob("*.json")) if path.is_dir() else [path]


def read(file: Path) -> Bundle:
    """Raises Unreadable."""
    try:
        content = parse(file.read_bytes())
    except OSError as problem:
        raise Unreadable(problem.strerror or "cannot be read") from problem
    except NotJson as problem:
        raise Unreadable(str(problem)) from problem
    if not isinstance(content, dict) or content.get("resourceType") != "Bundle":
        raise Unreadable("is not a FHIR Bundle")
    entries = content.get("entry", [])
    if not isinstance(entries, list):
        raise Unreadable("has no array of entries")
    bundle = Bundle(file)
    for index, entry in enumerate(entries):
        bundle.add(index, entry)
    return bundle
