"""`composition_uid`: object UUID, system id and version joined by `::` (contract 12.2)."""

import re
from typing import NamedTuple
from uuid import UUID

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_OBJECT = re.compile(_UUID, re.ASCII)
_VERSION = re.compile(rf"({_UUID})::([^:]{{1,100}})::([1-9][0-9]{{0,8}})", re.ASCII)


class VersionUid(NamedTuple):
    """One version of one composition."""

    object_id: UUID
    system_id: str
    version: int

    def __str__(self) -> str:
        return f"{self.object_id}::{self.system_id}::{self.version}"


def parse(asked: str) -> VersionUid | UUID | None:
    """A version, or an object whose newest version is meant, or None when it is neither."""
    if _OBJECT.fullmatch(asked):
        return UUID(asked)
    found = _VERSION.fullmatch(asked)
    return VersionUid(UUID(found[1]), found[2], int(found[3])) if found else None
