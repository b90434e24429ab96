"""The built-in openEHR store: tables in the service's own schema, written in the request's own transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import orjson
from quill_common.database.faults import is_database_away, violated_constraint
from quill_common.database.session import Reader, Writer
from quill_common.http.errors import StoreUnavailable
from quill_common.log import get_logger
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from quill_letters.composition import repository as compositions
from quill_letters.ehr import repository as ehrs
from quill_letters.ehr.status import ehr_status
from quill_letters.openehr.version_uid import VersionUid
from quill_letters.store.interface import ContentRefused, Entry, NewVersion, Place


@asynccontextmanager
async def asking_the_store() -> AsyncIterator[None]:
    """What fails inside is the store failing, and is said so."""
    try:
        yield
    except (DataError, IntegrityError) as problem:
        # Not chained: PostgreSQL's text quotes the row, and the log is no place for a letter.
        raise ContentRefused(violated_constraint(problem) or type(problem).__name__) from None
    except (DBAPIError, PoolTimeout, OSError) as problem:
        if not is_database_away(problem):
            state = getattr(getattr(problem, "orig", None), "sqlstate", None)
            get_logger().error("the store refused a statement", error=type(problem).__name__, sqlstate=state)
        raise StoreUnavailable from problem


class EmbeddedReader:
    """Reads the store through `reader`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def read(self, patient_id: str, asked: VersionUid | UUID) -> str | None:
        async with asking_the_store():
            if isinstance(asked, VersionUid):
                return await compositions.content_of_version(self._reader, patient_id, asked)
            return await compositions.newest_content(self._reader, patient_id, asked)

    async def newest_first(self, patient_id: str, limit: int, after: Place | None) -> Sequence[Entry]:
        async with asking_the_store():
            return await compositions.newest_first(self._reader, patient_id, limit, after)

    async def probe(self) -> None:
        async with asking_the_store():
            await compositions.any_letter(self._reader)


class EmbeddedStore(EmbeddedReader):
    """Reads and writes the store inside the transaction of `writer`."""

    def __init__(self, writer: Writer, system_id: str) -> None:
        super().__init__(writer)
        self._writer = writer
        self._system_id = system_id

    async def ehr_of(self, patient_id: str) -> UUID:
        async with asking_the_store():
            found = await ehrs.ehr_of(self._writer, patient_id)
            if found is not None:
                return found
            made, status = uuid4(), orjson.dumps(ehr_status(patient_id)).decode()
            await ehrs.add_ehr(self._writer, made, self._system_id, patient_id, status)
            # Another transaction may have been first: its row counts.
            return await ehrs.ehr_of(self._writer, patient_id) or made

    async def write(self, ehr_id: UUID, patient_id: str, version: NewVersion) -> bool:
        async with asking_the_store():
            return await compositions.add_version(self._writer, ehr_id, patient_id, version)
