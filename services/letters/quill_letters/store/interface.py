"""What the service asks of an openEHR store, whichever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from quill_letters.openehr.version_uid import VersionUid


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be kept. `content` is the COMPOSITION as serialised JSON, with `uid` inside."""

    uid: VersionUid
    title: str
    author: str
    author_id: int | None
    created_at: datetime
    content: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter as a list shows it: its newest version."""

    uid: VersionUid
    title: str
    author: str
    created_at: datetime


class Place(NamedTuple):
    """Where an entry stands among a patient's letters."""

    created_at: datetime
    object_id: UUID


class ContentRefused(Exception):
    """The store works and will not hold this content: a fault of ours, since all input is checked before."""

    def __init__(self, constraint_name: str) -> None:
        """`constraint_name`: what the content broke; the log tells it, and nothing of the content."""
        super().__init__(constraint_name)
        self.constraint_name = constraint_name


class CompositionReader(Protocol):
    """Reading. Every method raises `StoreUnavailable` when the store cannot say; silence never means "none"."""

    async def read(self, patient_id: str, asked: VersionUid | UUID) -> str | None:
        """The COMPOSITION as stored: that version, or the newest of that object. None: the patient has none such."""
        ...

    async def newest_first(self, patient_id: str, limit: int, after: Place | None) -> Sequence[Entry]:
        """Up to `limit` letters of the patient that stand behind `after`."""
        ...

    async def probe(self) -> None:
        """Return when a real query works."""
        ...


class CompositionStore(CompositionReader, Protocol):
    """Reading and writing. Writing the same thing twice leaves it there once. `write` may raise `ContentRefused`."""

    async def ehr_of(self, patient_id: str) -> UUID:
        """The patient's EHR, made when there is none; however many ask at once, there is one."""
        ...

    async def write(self, ehr_id: UUID, patient_id: str, version: NewVersion) -> bool:
        """Keep a version under the uid chosen by the caller; False when that version is there already."""
        ...
