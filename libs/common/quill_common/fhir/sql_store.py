"""The built-in store: two tables of the service's own schema, one statement for each thing asked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Executable, Row, Table, UniqueConstraint, bindparam
from sqlalchemy.exc import IntegrityError

from quill_common.database.faults import violated_constraint
from quill_common.database.session import Reader, Writer
from quill_common.fhir import sql_statements as sql
from quill_common.fhir.resource import Resource, StoredResource, stamped
from quill_common.fhir.store import ResourceExists, VersionConflict
from quill_common.fhir.tables import ResourceColumns, VersionColumns

SearchColumns = Callable[[Mapping[str, Any]], dict[str, Any]]
Names = tuple[str, ...]
Key = tuple[str, str]


def no_search_columns(_: Mapping[str, Any]) -> dict[str, Any]:
    return {}


class SqlResourceStore:
    """A `ResourceStore` on `present` and `versions`. `search` gives the values of the further columns of `present`.

    `once` says what the further unique indexes of `present` guard; `made` are columns that a change makes of others.
    """

    deletes: ClassVar[bool] = True

    def __init__(
        self,
        present: type[ResourceColumns],
        versions: type[VersionColumns],
        search: SearchColumns = no_search_columns,
        *,
        once: str = "",
        made: Mapping[str, ColumnElement[Any]] | None = None,
    ) -> None:
        self._present = _table(present)
        self._versions = _table(versions)
        self._search = search
        self._once = once
        self._made = made or {}
        self._unique = _unique_of(self._present)
        self._one = sql.one(self._present)
        self._one_to_change = self._one.with_for_update()
        self._some = sql.some(self._present)
        self._page = sql.page(self._present)
        self._every = sql.versions_of(self._versions)
        self._before = self._every.where(self._versions.c.version < bindparam("of_before"))
        self._exactly = self._every.where(self._versions.c.version == bindparam("of_version"))
        self._removal = sql.removal(self._present, self._versions)
        self._withdrawal = sql.withdrawal(self._versions)
        self._additions: dict[Names, Executable] = {}
        self._changes: dict[Names, Executable] = {}

    async def create(self, writer: Writer, resource: Resource) -> StoredResource:
        [result] = await self.create_all(writer, [resource])
        if isinstance(result, ResourceExists):
            raise result
        return result

    async def create_all(
        self, writer: Writer, resources: Sequence[Resource]
    ) -> Sequence[StoredResource | ResourceExists]:
        return await self._add(writer, [(resource, _version_of(resource, 1)) for resource in resources])

    async def read(self, reader: Reader, resource_type: str, resource_id: str) -> StoredResource | None:
        return _stored(await reader.row(self._one, sql.named(resource_type, resource_id)))

    async def read_all(
        self, reader: Reader, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, StoredResource]:
        if not resource_ids:
            return {}
        rows = await reader.rows(self._some, {"of_type": resource_type, "of_ids": list(resource_ids)})
        return {row.id: _of(row) for row in rows}

    async def read_version(
        self, reader: Reader, resource_type: str, resource_id: str, version: int
    ) -> StoredResource | None:
        asked = {**sql.named(resource_type, resource_id), "of_version": version}
        return _stored(await reader.row(self._exactly, asked))

    async def read_to_change(self, writer: Writer, resource_type: str, resource_id: str) -> StoredResource | None:
        return _stored(await writer.row(self._one_to_change, sql.named(resource_type, resource_id)))

    async def update(self, writer: Writer, resource: Resource, expected: int) -> StoredResource:
        stored = _version_of(resource, expected + 1)
        if await self._change(writer, self._row(resource, stored)):
            return stored
        [result] = await self._add(writer, [(resource, stored)])  # where `expected` says deleted it is brought back
        if isinstance(result, StoredResource):
            return result
        if result.taken != "id":
            raise result
        raise VersionConflict(f"{stored.resource_type}/{stored.id}")

    async def page(self, reader: Reader, resource_type: str, after: str | None, limit: int) -> Sequence[StoredResource]:
        asked = {"of_type": resource_type, "after_id": after or "", "fetch": limit}
        return [_of(row) for row in await reader.rows(self._page, asked)]

    async def delete(self, writer: Writer, resource_type: str, resource_id: str, expected: int) -> StoredResource:
        gone = StoredResource(resource_type, resource_id, expected + 1, _now(), "", deleted=True)
        asked = {**sql.named(resource_type, resource_id), "of_version": expected, "at": gone.last_updated}
        if await writer.execute(self._removal, asked) != 1:
            raise VersionConflict(f"{resource_type}/{resource_id}")
        return gone

    async def history(
        self,
        reader: Reader,
        resource_type: str,
        resource_id: str,
        *,
        limit: int | None = None,
        before: int | None = None,
    ) -> Sequence[StoredResource]:
        asked: dict[str, Any] = sql.named(resource_type, resource_id)
        statement = self._every
        if before is not None:
            statement, asked["of_before"] = self._before, before
        return [_of(row) for row in await reader.rows(statement.limit(limit), asked)]

    async def _add(
        self, writer: Writer, given: Sequence[tuple[Resource, StoredResource]]
    ) -> Sequence[StoredResource | ResourceExists]:
        """Add all that can be added; of two with one id the first."""
        firsts: dict[Key, StoredResource] = {}
        rows = []
        for resource, stored in given:
            if firsts.setdefault(_key(stored), stored) is stored:
                rows.append(self._row(resource, stored))
        if not rows:
            return []
        names = tuple(rows[0])
        if names not in self._additions:
            self._additions[names] = sql.addition(self._present, self._versions, names)
        entered = await writer.rows(self._additions[names], sql.numbered(rows))
        is_present = {(row.resource_type, row.id): row.present for row in entered}
        await self._withdraw(writer, [firsts[key] for key, present in is_present.items() if not present])
        return [
            stored
            if is_present.get(_key(stored)) and firsts[_key(stored)] is stored
            else self._exists(stored, is_present)
            for _, stored in given
        ]

    async def _withdraw(self, writer: Writer, versions: Sequence[StoredResource]) -> None:
        """Take back the versions of resources that could not become present."""
        if versions:
            asked = [{**sql.named(one.resource_type, one.id), "of_version": one.version} for one in versions]
            await writer.execute(self._withdrawal, asked)

    def _exists(self, stored: StoredResource, is_present: Mapping[Key, bool]) -> ResourceExists:
        taken = "id" if is_present.get(_key(stored), True) else self._once
        return ResourceExists(f"{stored.resource_type}/{stored.id}", taken)

    def _row(self, resource: Resource, stored: StoredResource) -> dict[str, Any]:
        """The row of `present` for a resource and the version that it is stored as."""
        return {**sql.row_of(stored), **self._search(resource)}

    async def _change(self, writer: Writer, row: Mapping[str, Any]) -> bool:
        names = tuple(row)
        if names not in self._changes:
            self._changes[names] = sql.change(self._present, self._versions, names, self._made)
        try:
            return await writer.execute(self._changes[names], {f"new_{name}": row[name] for name in names}) == 1
        except IntegrityError as problem:
            if violated_constraint(problem) not in self._unique:
                raise
            raise ResourceExists(f"{row['resource_type']}/{row['id']}", self._once) from problem


def _table(mapped: type) -> Table:
    table: Table = mapped.__table__  # type: ignore[attr-defined]  # a mixin has none before it is mapped
    return table


def _unique_of(table: Table) -> set[str]:
    """The names of what refuses a second row of the same, beside the key."""
    constraints = {str(one.name) for one in table.constraints if isinstance(one, UniqueConstraint)}
    return constraints | {str(index.name) for index in table.indexes if index.unique}


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)  # as `meta.lastUpdated` says it


def _version_of(resource: Resource, version: int) -> StoredResource:
    at = _now()
    return StoredResource(resource["resourceType"], resource["id"], version, at, stamped(resource, version, at))


def _key(stored: StoredResource) -> Key:
    return stored.resource_type, stored.id


def _stored(row: Row[Any] | None) -> StoredResource | None:
    return None if row is None else _of(row)


def _of(row: Row[Any]) -> StoredResource:
    values: tuple[Any, ...] = tuple(row)
    return StoredResource(*values)
