"""SQL of compositions. Who may see them is decided before any of this is asked."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from quill_common.database.session import Reader, Writer
from sqlalchemy import DateTime, Row, Uuid, bindparam, exists, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from quill_letters.composition.tables import Composition
from quill_letters.openehr.version_uid import VersionUid
from quill_letters.store.interface import Entry, NewVersion, Place

_OBJECT = select(Composition.content).where(
    Composition.object_id == bindparam("object_id"), Composition.patient_id == bindparam("patient_id")
)
_VERSION = _OBJECT.where(Composition.version == bindparam("version"), Composition.system_id == bindparam("system_id"))
_NEWEST = _OBJECT.order_by(Composition.version.desc()).limit(1)
_ANY = select(Composition.object_id).limit(1)
_ADD = insert(Composition).on_conflict_do_nothing(index_elements=["object_id", "version"])

_Later = aliased(Composition)
_LIST = (
    select(
        Composition.object_id,
        Composition.system_id,
        Composition.version,
        Composition.title,
        Composition.author,
        Composition.created_at,
    )
    .where(
        Composition.patient_id == bindparam("patient_id"),
        ~exists().where(_Later.object_id == Composition.object_id, _Later.version > Composition.version),
    )
    .order_by(Composition.created_at.desc(), Composition.object_id.desc())
    .limit(bindparam("limit"))
)
_LIST_AFTER = _LIST.where(
    tuple_(Composition.created_at, Composition.object_id)
    < tuple_(bindparam("created_at", type_=DateTime(timezone=True)), bindparam("object_id", type_=Uuid()))
)


async def content_of_version(reader: Reader, patient_id: str, uid: VersionUid) -> str | None:
    """One version's JSON, None unless it is this patient's."""
    found: str | None = await reader.value(_VERSION, {"patient_id": patient_id, **uid._asdict()})
    return found


async def newest_content(reader: Reader, patient_id: str, object_id: UUID) -> str | None:
    """The newest version's JSON, None unless it is this patient's."""
    found: str | None = await reader.value(_NEWEST, {"patient_id": patient_id, "object_id": object_id})
    return found


async def newest_first(reader: Reader, patient_id: str, limit: int, after: Place | None) -> Sequence[Entry]:
    """Up to `limit` letters behind `after`, each by its newest version."""
    asked = {"patient_id": patient_id, "limit": limit}
    if after is None:
        return [_entry(row) for row in await reader.rows(_LIST, asked)]
    return [_entry(row) for row in await reader.rows(_LIST_AFTER, {**asked, **after._asdict()})]


async def any_letter(reader: Reader) -> None:
    """Touch the table."""
    await reader.value(_ANY)


async def add_version(writer: Writer, ehr_id: UUID, patient_id: str, version: NewVersion) -> bool:
    """Whether the version was added; False when it is there."""
    row = {
        **version.uid._asdict(),
        "ehr_id": ehr_id,
        "patient_id": patient_id,
        "title": version.title,
        "author": version.author,
        "author_id": version.author_id,
        "created_at": version.created_at,
        "content": version.content,
    }
    return await writer.execute(_ADD, row) == 1


def _entry(row: Row[Any]) -> Entry:
    uid = VersionUid(row.object_id, row.system_id, row.version)
    return Entry(uid, row.title, row.author, row.created_at)
