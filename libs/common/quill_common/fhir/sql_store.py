"""The built-in store: two tables of the service's own schema, one statement a write."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    Insert,
    Row,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_nothing
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from quill_common.database.session import Reader, Writer
from quill_common.fhir.resource import Resource, StoredResource, stamped
from quill_common.fhir.store import ResourceExists, VersionConflict
from quill_common.fhir.tables import ResourceColumns, VersionColumns

SearchColumns = Callable[[Mapping[str, Any]], dict[str, Any]]

_KEPT = ("id", "resource_type", "version", "last_updated", "content")


def no_search_columns(_: Mapping[str, Any]) -> dict[str, Any]:
    return {}


class SqlResourceStore:
    """A `ResourceStore` on `present` and `versions`. `search` gives the values of the further columns of `present`."""

    def __init__(
        self,
        present: type[ResourceColumns],
        versions: type[VersionColumns],
        search: SearchColumns = no_search_columns,
    ) -> None:
        self._present = _table(present)
        self._versions = _table(versions)
        self._search = search
        self._additions: dict[tuple[str, ...], Insert] = {}

    async def create(self, writer: Writer, resource: Resource) -> StoredResource:
        stored = _version_of(resource, 1)
        row = {**_row(stored), **self._search(resource)}
        if await writer.execute(self._addition(tuple(row)), {f"new_{name}": row[name] for name in row}) != 1:
            raise ResourceExists(f"{stored.resource_type}/{stored.id}")
        return stored

    async def create_all(self, writer: Writer, resources: Sequence[Resource]) -> frozenset[str]:
        rows = [{**_row(_version_of(resource, 1)), **self._search(resource)} for resource in resources]
        if not rows:
            return frozenset()
        given = {"rows": orjson.dumps(rows).decode()}
        return frozenset(await writer.values(self._many(tuple(rows[0])), given))

    async def read(self, reader: Reader, resource_type: str, resource_id: str) -> StoredResource | None:
        return _stored(await reader.row(self._one(resource_type, resource_id)))

    async def read_to_change(self, writer: Writer, resource_type: str, resource_id: str) -> StoredResource | None:
        return _stored(await writer.row(self._one(resource_type, resource_id).with_for_update()))

    async def update(self, writer: Writer, resource: Resource, expected: int) -> StoredResource:
        stored = _version_of(resource, expected + 1)
        table = self._present.c
        changed = (
            update(self._present)
            .where(table.id == stored.id, table.resource_type == stored.resource_type, table.version == expected)
            .values({**_row(stored), **self._search(resource)})
        )
        if not await self._write(writer, changed.returning(*self._columns(self._present))):
            raise VersionConflict(f"{stored.resource_type}/{stored.id}")
        return stored

    async def history(self, reader: Reader, resource_type: str, resource_id: str) -> Sequence[StoredResource]:
        return (await self.histories(reader, resource_type, (resource_id,))).get(resource_id, [])

    async def histories(
        self, reader: Reader, resource_type: str, resource_ids: Collection[str]
    ) -> Mapping[str, Sequence[StoredResource]]:
        table = self._versions.c
        asked = bindparam("ids", list(resource_ids), type_=ARRAY(Text))
        statement = (
            select(*self._columns(self._versions))
            .where(table.id == any_(asked), table.resource_type == resource_type)
            .order_by(table.version.desc())
        )
        found: dict[str, list[StoredResource]] = {}
        for row in await reader.rows(statement):
            found.setdefault(row.id, []).append(_of(row))
        return found

    def _addition(self, names: tuple[str, ...]) -> Insert:
        """The statement that adds a row of these columns; built once, since building costs more than running it."""
        if names not in self._additions:
            values = {name: bindparam(f"new_{name}", type_=self._present.c[name].type) for name in names}
            added = insert_or_nothing(self._present).values(values).on_conflict_do_nothing()
            self._additions[names] = self._copied(added.returning(*self._columns(self._present)))
        return self._additions[names]

    @cache  # noqa: B019 - a store lives as long as its process
    def _many(self, names: tuple[str, ...]) -> Insert:
        """The statement that adds all rows of a JSON array which are not there, in the order of the array."""
        typed = [column(name, self._present.c[name].type) for name in names]
        rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON)).table_valued(*typed)
        source = rows.render_derived(name="given", with_types=True)
        added = insert_or_nothing(self._present).from_select(names, select(*source.c)).on_conflict_do_nothing()
        copied = self._copied(added.returning(*self._columns(self._present)))
        return copied.returning(self._versions.c.id)

    async def _write(self, writer: Writer, written: ReturningUpdate[Any]) -> bool:
        """Run the change of `present` and copy what it wrote to `versions`; false when it wrote nothing."""
        return await writer.execute(self._copied(written)) == 1

    def _copied(self, written: ReturningInsert[Any] | ReturningUpdate[Any]) -> Insert:
        source = written.cte("written")
        return insert(self._versions).from_select(_KEPT, select(*(source.c[name] for name in _KEPT)))

    def _one(self, resource_type: str, resource_id: str) -> Select[Any]:
        table = self._present.c
        return select(*self._columns(self._present)).where(
            table.id == bindparam("of_id", resource_id), table.resource_type == bindparam("of_type", resource_type)
        )

    def _columns(self, table: Table) -> list[Any]:
        return [table.c[name] for name in _KEPT]


def _table(mapped: type) -> Table:
    table: Table = mapped.__table__  # type: ignore[attr-defined]  # a mixin has none before it is mapped
    return table


def _version_of(resource: Resource, version: int) -> StoredResource:
    now = datetime.now(UTC)
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as `meta.lastUpdated` says it
    return StoredResource(resource["resourceType"], resource["id"], version, at, stamped(resource, version, at))


def _row(stored: StoredResource) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in _KEPT}


def _stored(row: Row[Any] | None) -> StoredResource | None:
    return None if row is None else _of(row)


def _of(row: Row[Any]) -> StoredResource:
    return StoredResource(row.resource_type, row.id, row.version, row.last_updated, row.content)
