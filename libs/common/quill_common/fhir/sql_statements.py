"""The statements of the built-in store, built once: building one costs more than running it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import (
    ARRAY,
    CTE,
    JSON,
    Column,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_nothing
from sqlalchemy.sql.dml import Insert

from quill_common.fhir.resource import StoredResource

# In the order of the fields of `StoredResource`.
KEPT: Final = ("resource_type", "id", "version", "last_updated", "content")
_GIVEN: Final = "of_given"
_PLACE: Final = "place_among_given"

Row = Mapping[str, Any]


def row_of(stored: StoredResource) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in KEPT}


def numbered(rows: Sequence[Row]) -> dict[str, str]:
    """The parameter of `addition`: the rows as one JSON text, in their order."""
    return {_GIVEN: orjson.dumps([{**row, _PLACE: place} for place, row in enumerate(rows)]).decode()}


def addition(present: Table, versions: Table, names: Sequence[str]) -> Select[Any]:
    """Add first versions, and those that follow one that says deleted; all rows of `numbered` in one statement.

    The key of the versions decides who was first, for good. Answers what entered the versions, each with whether it
    is `present` too: where it is not, something else that may be there once belongs to another.
    """
    given = _given(present, names)
    version = _new_versions(given, versions)
    added = (
        insert_or_nothing(present)
        .from_select(
            list(names),
            select(*(given.c[name] for name in names)).join(version, _same(given, version)).order_by(given.c[_PLACE]),
        )
        .on_conflict_do_nothing()
        .returning(present.c.id, present.c.resource_type)
        .cte("added")
    )
    return select(version.c.id, version.c.resource_type, added.c.id.is_not(None).label("present")).outerjoin(
        added, _same(version, added)
    )


def _given(present: Table, names: Sequence[str]) -> CTE:
    columns: list[Column[Any] | ColumnElement[Any]] = [column(name, present.c[name].type) for name in names]
    rows = cast(bindparam(_GIVEN, type_=Text), JSON)
    table = (
        func.json_to_recordset(rows)
        .table_valued(*columns, column(_PLACE, Integer))
        .render_derived(name="given_row", with_types=True)
    )
    return select(*table.c).cte("given")


def _new_versions(given: CTE, versions: Table) -> CTE:
    before = versions.alias("before")
    after_deletion = exists().where(
        _same(before, given), before.c.version == given.c.version - literal(1), before.c.deleted
    )
    return (
        insert_or_nothing(versions)
        .from_select(
            KEPT,
            select(*(given.c[name] for name in KEPT))
            .where(or_(given.c.version == 1, after_deletion))
            .order_by(given.c[_PLACE]),
        )
        .on_conflict_do_nothing()
        .returning(versions.c.id, versions.c.resource_type)
        .cte("version")
    )


def _same(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.c.id == other.c.id, one.c.resource_type == other.c.resource_type)


def change(present: Table, versions: Table, names: Sequence[str], further: Mapping[str, ColumnElement[Any]]) -> Insert:
    """Make a row the version that follows the present one, and add it to the versions.

    `further` are columns made of others.
    """
    values = {name: bindparam(f"new_{name}", type_=present.c[name].type) for name in names}
    changed = (
        update(present)
        .where(
            present.c.id == values["id"],
            present.c.resource_type == values["resource_type"],
            present.c.version == values["version"] - literal(1),
        )
        .values({**values, **further})
        .returning(*(present.c[name] for name in KEPT))
        .cte("changed")
    )
    return insert(versions).from_select(KEPT, select(*(changed.c[name] for name in KEPT)))


def removal(present: Table, versions: Table) -> Insert:
    """Take the row of that version away, and add a version that says deleted."""
    removed = (
        delete(present)
        .where(*_named(present), present.c.version == bindparam("of_version"))
        .returning(present.c.resource_type, present.c.id, present.c.version)
        .cte("removed")
    )
    at = bindparam("at", type_=present.c.last_updated.type)
    row = select(removed.c.resource_type, removed.c.id, removed.c.version + literal(1), at, literal(""), true())
    return insert(versions).from_select([*KEPT, "deleted"], row)


def one(present: Table) -> Select[Any]:
    return select(*(present.c[name] for name in KEPT)).where(*_named(present))


def some(present: Table) -> Select[Any]:
    """Those of one type that have one of these ids."""
    ids = any_(bindparam("of_ids", type_=ARRAY(Text)))
    kept = (present.c[name] for name in KEPT)
    return select(*kept).where(present.c.resource_type == bindparam("of_type"), present.c.id == ids)


def page(present: Table) -> Select[Any]:
    """The first of one type behind an id, in the order of their ids."""
    later = and_(present.c.resource_type == bindparam("of_type"), present.c.id > bindparam("after_id"))
    kept = (present.c[name] for name in KEPT)
    return select(*kept).where(later).order_by(present.c.id).limit(bindparam("fetch", type_=Integer))


def versions_of(versions: Table) -> Select[Any]:
    """Newest first."""
    kept = (versions.c[name] for name in (*KEPT, "deleted"))
    return select(*kept).where(*_named(versions)).order_by(versions.c.version.desc())


def withdrawal(versions: Table) -> Any:
    """Take back a version that this transaction added."""
    return delete(versions).where(*_named(versions), versions.c.version == bindparam("of_version"))


def named(resource_type: str, resource_id: str) -> dict[str, str]:
    return {"of_type": resource_type, "of_id": resource_id}


def _named(table: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        table.c.id == bindparam("of_id", type_=Text),
        table.c.resource_type == bindparam("of_type", type_=Text),
    )
