"""The SQL of organisations."""

from collections.abc import Mapping, Sequence
from typing import Any

from quill_common.database.session import Reader, Writer
from sqlalchemy import Integer, Row, bindparam, exists, func, insert, select, update

from quill_orgs.organisation.tables import Organisation

_TABLE = Organisation.__table__
_BY_ID = select(_TABLE).where(Organisation.id == bindparam("organisation_id"))
_EXISTS = select(exists().where(Organisation.id == bindparam("organisation_id")))


def _page_of(*columns: Any) -> Any:
    above = Organisation.id > bindparam("after")
    return select(*columns).where(above).order_by(Organisation.id).limit(bindparam("fetch", type_=Integer))


_PAGE = _page_of(_TABLE)
_PAGE_OF_NAMES = _page_of(Organisation.id, Organisation.name)


async def page(reader: Reader, after: int, fetch: int) -> Sequence[Row[Any]]:
    """Up to `fetch` organisations with ids above `after`, by id."""
    return await reader.rows(_PAGE, {"after": after, "fetch": fetch})


async def page_of_names(reader: Reader, after: int, fetch: int) -> Sequence[Row[Any]]:
    """The same with `id` and `name` alone."""
    return await reader.rows(_PAGE_OF_NAMES, {"after": after, "fetch": fetch})


async def by_id(reader: Reader, organisation_id: int) -> Row[Any] | None:
    return await reader.row(_BY_ID, {"organisation_id": organisation_id})


async def is_there(reader: Reader, organisation_id: int) -> bool:
    return bool(await reader.value(_EXISTS, {"organisation_id": organisation_id}))


async def add(writer: Writer, values: Mapping[str, Any]) -> Row[Any]:
    """The new row; `updated_at` starts as `created_at`."""
    now = func.statement_timestamp()
    row = await writer.row(insert(Organisation).values(**values, created_at=now, updated_at=now).returning(_TABLE))
    assert row is not None  # noqa: S101 - an INSERT of one row returns it or raises
    return row


async def change(writer: Writer, organisation_id: int, values: Mapping[str, Any]) -> Row[Any] | None:
    """The row as it stands after the change, None when there is no such organisation."""
    return await writer.row(
        update(Organisation)
        .where(Organisation.id == organisation_id)
        .values(**values, updated_at=func.clock_timestamp())
        .returning(_TABLE)
    )
