"""Makes the columns that searches look at for rows that have none, or those of an older version.

So are all rows after the migration that adds the columns, and those that code of before writes while it still runs.
"""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from quill_common.database.faults import is_database_away
from quill_common.database.session import Reader, Writer
from quill_common.fhir.json_text import parse
from quill_common.fhir.store import StoreFailing
from quill_common.log import get_logger
from sqlalchemy import BigInteger, Date, Row, Text, bindparam, cast, exists, select, text, update
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.exc import SQLAlchemyError

from quill_patients.patient.tables import TO_READ, Patient
from quill_patients.search.columns import search_columns

if TYPE_CHECKING:
    from quill_common.service import Parts

BATCH: Final = 500
EVERY_SECONDS: Final = 5.0

_ANY: Final = select(exists(select(Patient.id).where(text(TO_READ))))
_SOME: Final = (
    select(Patient.id, Patient.resource_type, Patient.version, Patient.content)
    .where(text(TO_READ))
    .order_by(Patient.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_KINDS: Final[dict[str, Any]] = {
    "terms": TSVECTOR,
    "born_first": Date,
    "born_last": Date,
    "gender": Text,
    "searched_as": BigInteger,
}
_GIVE: Final = (
    update(Patient)
    .where(Patient.id == bindparam("of_id"), Patient.resource_type == bindparam("of_type"))
    .values({name: cast(bindparam(f"new_{name}", type_=kind), kind) for name, kind in _KINDS.items()})
)


class NotSearchable(StoreFailing):
    """Some patients that are stored could not be found yet; what was found would not be the whole truth."""


async def any_to_read(reader: Reader) -> bool:
    """Whether a search would miss patients."""
    return bool(await reader.value(_ANY))


async def read_some(writer: Writer) -> int:
    """Make the columns of up to `BATCH` rows; how many. Rows that another works on are left to it."""
    rows = await writer.rows(_SOME)
    if rows:
        await writer.execute(_GIVE, [_given(row) for row in rows])
    return len(rows)


async def keep_searchable(parts: "Parts") -> None:
    """Make what is missing, batch after batch, and look for more until cancelled."""
    while True:
        try:
            async with parts.database.writer() as writer:
                done = await read_some(writer)
        except (SQLAlchemyError, OSError) as problem:
            if not is_database_away(problem):
                raise
            get_logger().warning("searching waits", error=type(problem).__name__)
            done = 0
        if done < BATCH:
            await asyncio.sleep(EVERY_SECONDS)


def _given(row: Row[Any]) -> dict[str, Any]:
    columns = {**search_columns(parse(row.content)), "searched_as": row.version}
    return {"of_id": row.id, "of_type": row.resource_type} | {f"new_{name}": columns[name] for name in _KINDS}
