"""The rules of writing and listing letters."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import orjson
from quill_common.access.policy import patient_exists
from quill_common.access.principal import Principal
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import NotFound, PatientNotFound
from quill_common.http.paging import InvalidCursor, Page

from quill_letters.composition.letter import Letter, composition
from quill_letters.composition.schemas import LetterIn
from quill_letters.events import LetterWritten
from quill_letters.openehr.version_uid import VersionUid, parse
from quill_letters.store.interface import CompositionReader, CompositionStore, Entry, NewVersion, Place

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class LetterNotFound(NotFound):
    detail = "Letter not found"


async def write_letter(
    work: UnitOfWork, store: CompositionStore, system_id: str, author: Principal, patient_id: str, written: LetterIn
) -> VersionUid:
    """Keep a new letter of an existing patient, and tell that it was written. Access is decided before."""
    if not await patient_exists(work, patient_id):
        raise PatientNotFound
    letter = Letter(
        title=written.title,
        body=written.body,
        author=written.author_name or author.display_name,
        author_id=author.id,
        author_email=written.author_email,
        written_at=datetime.now(UTC),
    )
    uid = VersionUid(uuid4(), system_id, 1)
    await keep(work, store, patient_id, uid, letter)
    return uid


async def keep(work: UnitOfWork, store: CompositionStore, patient_id: str, uid: VersionUid, letter: Letter) -> bool:
    """Store `letter` under `uid` and publish that; False, and nothing published, when it is there already."""
    version = NewVersion(
        uid=uid,
        title=letter.title,
        author=letter.author,
        author_id=letter.author_id,
        created_at=letter.written_at,
        content=serialised(letter, uid),
    )
    if not await store.write(await store.ehr_of(patient_id), patient_id, version):
        return False
    await work.publish(LetterWritten(composition_uid=str(uid), patient_id=patient_id, author_id=letter.author_id))
    return True


def serialised(letter: Letter, uid: VersionUid) -> str:
    """The COMPOSITION of `letter` as it is stored and sent."""
    return orjson.dumps(composition(letter, uid)).decode()


async def read_letter(store: CompositionReader, patient_id: str, composition_uid: str) -> str:
    """The stored COMPOSITION; 404 for what is no uid, unknown, or another patient's."""
    asked = parse(composition_uid)
    found = await store.read(patient_id, asked) if asked is not None else None
    if found is None:
        raise LetterNotFound
    return found


async def list_letters(store: CompositionReader, patient_id: str, page: Page) -> tuple[list[Entry], str | None]:
    """A page of letters, newest first, and the cursor of the next."""
    found = await store.newest_first(patient_id, page.fetch, place_of(page))
    shown, next_cursor = page.cut(found, _key)
    return list(shown), next_cursor


def place_of(page: Page) -> Place | None:
    """Where the page before ended. Raises InvalidCursor."""
    key = page.after(int, str)
    if key is None:
        return None
    try:
        return Place(_EPOCH + key[0] * _MICROSECOND, UUID(key[1]))
    except (OverflowError, ValueError) as problem:
        raise InvalidCursor from problem


def _key(entry: Entry) -> tuple[int, str]:
    return (entry.created_at - _EPOCH) // _MICROSECOND, str(entry.uid.object_id)
