"""What references mean: which resources were seen under which address. Kept on disk, however many there are."""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from quill_common.fhir.json_text import NotJson, require_storable

from quill_operator.fhir_import.reading import Entry

_VERSION: Final = re.compile(r"/_history/[^/]+\Z")
_PATIENT: Final = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})")
_BATCH: Final = 1000
_SCHEMA: Final = """
    CREATE TABLE known (url TEXT PRIMARY KEY, kind TEXT, id TEXT, name TEXT) WITHOUT ROWID;
    CREATE TABLE refused (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class References:
    """What is known of the resources of one bundle, or of NDJSON files that belong together."""

    def __init__(self) -> None:
        # Without a name SQLite keeps it in a temporary file that nobody else can open and that goes with the process.
        self._database = sqlite3.connect("")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.executescript(_SCHEMA)
        self._new: list[tuple[str, str | None, str | None, str | None]] = []

    def close(self) -> None:
        self._database.close()

    def add(self, entry: Entry) -> None:
        """Take note of a resource. Of two with one address the later counts."""
        resource_id = entry.resource.get("id")
        known = (_kept(entry.kind), _kept(resource_id), _name(entry.resource.get("name")))
        for url in (f"{entry.kind}/{resource_id}", entry.url):
            if url is not None and is_storable(url):
                self._new.append((url, *known))
        if len(self._new) >= _BATCH:
            self._write()

    def patient_id(self, reference: str | None) -> str | None:
        """The id of the patient that `reference` means, None when that cannot be told.

        An address on another server says nothing here: that server's patient 1 is not ours.
        """
        if not reference:
            return None
        reference = _VERSION.sub("", reference)
        known = self._known(reference)
        if known is not None:
            return known[1] if known[0] == "Patient" else None
        match = _PATIENT.fullmatch(reference)
        return match[1] if match else None

    def name(self, reference: str | None) -> str | None:
        """The name of the practitioner or organisation that `reference` means."""
        known = self._known(reference or "")
        return known[2] if known else None

    def refuse(self, patient_id: str) -> None:
        """Remember that the patient of this id was refused: the store may have somebody else under it."""
        self._database.execute("INSERT OR IGNORE INTO refused VALUES (?)", (patient_id,))

    def is_refused(self, patient_id: str) -> bool:
        return self._database.execute("SELECT 1 FROM refused WHERE id = ?", (patient_id,)).fetchone() is not None

    def _known(self, url: str) -> tuple[str, str | None, str | None] | None:
        self._write()
        found: tuple[str, str | None, str | None] | None
        found = self._database.execute("SELECT kind, id, name FROM known WHERE url = ?", (url,)).fetchone()
        return found

    def _write(self) -> None:
        self._database.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", self._new)
        self._new.clear()


def is_storable(value: Any) -> bool:
    """Whether it can be sent and kept: no NUL, no half surrogate pair, not nested too deeply."""
    try:
        require_storable(value)
    except NotJson:
        return False
    return True


def _kept(value: Any) -> str | None:
    return value if isinstance(value, str) and is_storable(value) else None


def _name(name: Any) -> str | None:
    if isinstance(name, list) and name and isinstance(name[0], dict):
        parts = (part for element in ("prefix", "given", "family") for part in _texts(name[0].get(element)))
        return next(_texts(name[0].get("text")), None) or " ".join(parts) or None
    return next(_texts(name), None)


def _texts(value: Any) -> Iterator[str]:
    """The texts of an element that nobody has validated."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and text.strip() and is_storable(text):
            yield text
