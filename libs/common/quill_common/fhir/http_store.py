"""The store of a site that has a FHIR R4 server already (contract 13.1). Nothing of it is kept in our database."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

from sqlalchemy import bindparam, func, select

from quill_common.database.session import Reader, Writer
from quill_common.fhir.http_answers import Entry, resource_of
from quill_common.fhir.http_client import Answer, FhirClient, OutcomeUnknown
from quill_common.fhir.json_text import serialise
from quill_common.fhir.resource import SET_BY_THE_STORE, Resource, StoredResource, etag_of, same_content
from quill_common.fhir.store import DeletionRefused, ResourceExists, StoreFailing, VersionConflict

PAGE: Final = 100
IDS_AT_ONCE: Final = 50  # of up to 64 characters: an address of 3,300, which every server takes

IdsAfter = Callable[[Reader, str | None, int], Awaitable[Sequence[str]]]
"""Ids that Quill knows of, in their order: up to so many behind one. A FHIR server has no such order."""

_ABSENT: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_FASTER: Final = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
_ONE_AT_A_TIME: Final = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("of"), 0)))


class HttpResourceStore:
    """A `ResourceStore` on a FHIR server. What it wrote stays written when the caller's transaction is undone.

    A reader lets go of its connection while the server is asked: were it slow, its readers would have them all, and
    what others tell us could not be applied.

    Our own writers of one resource come one after another, by a lock in our database that is held to the end of the
    transaction; others are noticed by `If-Match`.
    """

    deletes: ClassVar[bool] = False

    def __init__(self, client: FhirClient, ids_after: IdsAfter) -> None:
        self.client = client
        self._ids_after = ids_after

    async def create(self, writer: Writer, resource: Resource) -> StoredResource:
        resource_type, resource_id = resource["resourceType"], resource["id"]
        await self.lock(writer, resource_type, resource_id)
        answer = await self._get(resource_type, resource_id)
        if answer is None or answer.status != HTTPStatus.NOT_FOUND:
            raise ResourceExists(f"{resource_type}/{resource_id}")
        stored = await self._written(resource, {"If-None-Match": "*"}, 0)
        if stored is None:
            raise ResourceExists(f"{resource_type}/{resource_id}")
        return stored

    async def create_all(
        self, writer: Writer, resources: Sequence[Resource]
    ) -> Sequence[StoredResource | ResourceExists]:
        outcomes: list[StoredResource | ResourceExists] = []
        tried: set[tuple[str, str]] = set()
        for resource in resources:
            key = resource["resourceType"], resource["id"]
            if key in tried:
                outcomes.append(ResourceExists("/".join(key)))
                continue
            tried.add(key)
            try:
                outcomes.append(await self.create(writer, resource))
            except ResourceExists as problem:
                outcomes.append(problem)
        return outcomes

    async def read(self, reader: Reader, resource_type: str, resource_id: str) -> StoredResource | None:
        await reader.let_go()
        return await self.present(resource_type, resource_id)

    async def read_all(
        self, reader: Reader, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, StoredResource]:
        await reader.let_go()
        return await self._of_ids(resource_type, resource_ids)

    async def present(self, resource_type: str, resource_id: str) -> StoredResource | None:
        """`read`; it needs no connection of ours."""
        answer = await self._get(resource_type, resource_id)
        if answer is None or answer.status in _ABSENT:
            return None
        return resource_of(answer.body, resource_type, resource_id)

    async def read_version(
        self, reader: Reader, resource_type: str, resource_id: str, version: int
    ) -> StoredResource | None:
        await reader.let_go()
        answer = await self._get(resource_type, resource_id, "_history", str(version))
        if answer is None or answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status == HTTPStatus.GONE:
            found = await self.history(reader, resource_type, resource_id, limit=1, before=version + 1)
            return next((one for one in found if one.version == version), None)
        stored = resource_of(answer.body, resource_type, resource_id)
        if stored.version != version:
            raise StoreFailing("answered with another version")
        return stored

    async def read_to_change(self, writer: Writer, resource_type: str, resource_id: str) -> StoredResource | None:
        await self.lock(writer, resource_type, resource_id)
        return await self.present(resource_type, resource_id)

    async def update(self, writer: Writer, resource: Resource, expected: int) -> StoredResource:
        await self.lock(writer, resource["resourceType"], resource["id"])
        stored = await self._written(resource, {"If-Match": etag_of(expected)}, expected) if expected > 0 else None
        if stored is None:
            raise VersionConflict(f"{resource['resourceType']}/{resource['id']}")
        return stored

    async def delete(self, writer: Writer, resource_type: str, resource_id: str, expected: int) -> StoredResource:
        raise DeletionRefused(f"{resource_type}/{resource_id}")

    async def history(
        self,
        reader: Reader,
        resource_type: str,
        resource_id: str,
        *,
        limit: int | None = None,
        before: int | None = None,
    ) -> Sequence[StoredResource]:
        await reader.let_go()
        answer = await self._get(resource_type, resource_id)
        if answer is None or answer.status == HTTPStatus.NOT_FOUND:
            return []
        versions: dict[int, StoredResource] = {}
        address = self.client.address(resource_type, resource_id, "_history", _count=str(PAGE))
        async for page in self.client.pages(address, resource_type):
            for entry in page:
                if entry.stored.id != resource_id:
                    raise StoreFailing("answered with another resource")
                versions[entry.stored.version] = entry.stored
            # Newest first (R4, http, history), so a full page of older ones ends it.
            if limit is not None and len(_below(versions, before)) >= limit:
                break
        return _below(versions, before)[:limit]

    async def page(self, reader: Reader, resource_type: str, after: str | None, limit: int) -> Sequence[StoredResource]:
        found: list[StoredResource] = []
        while len(found) < limit:
            ids = await self._ids_after(reader, after, limit - len(found))
            if not ids:
                break
            await reader.let_go()
            entries = await self._of_ids(resource_type, ids)
            found += [entries[resource_id] for resource_id in ids if resource_id in entries]
            after = ids[-1]
        return found

    async def _of_ids(self, resource_type: str, ids: Sequence[str]) -> dict[str, StoredResource]:
        return {entry.stored.id: entry.stored async for some in self.of_ids(resource_type, ids) for entry in some}

    async def of_ids(self, resource_type: str, ids: Sequence[str]) -> AsyncIterator[list[Entry]]:
        """The present resources of these ids, some at a time.

        What a search does not find is read by its id before it counts as absent: an index may lag behind.
        """
        for start in range(0, len(ids), IDS_AT_ONCE):
            wanted = set(ids[start : start + IDS_AT_ONCE])
            found: dict[str, Entry] = {}
            async for page in self.search_pages(resource_type, _id=",".join(sorted(wanted)), _count=str(IDS_AT_ONCE)):
                found.update((entry.stored.id, entry) for entry in page if entry.stored.id in wanted)
            for resource_id in sorted(wanted - found.keys()):
                stored = await self.present(resource_type, resource_id)
                if stored is not None:
                    found[resource_id] = Entry(stored, stored.resource())
            yield list(found.values())

    async def search_pages(self, resource_type: str, **query: str) -> AsyncIterator[list[Entry]]:
        """The pages of a search over present resources."""
        async for page in self.client.pages(self.client.address(resource_type, **query), resource_type):
            if any(entry.stored.deleted for entry in page):
                raise StoreFailing("a search found what is deleted")
            yield page

    async def lock(self, writer: Writer, resource_type: str, resource_id: str) -> None:
        """Have what others of us do to the resource done before, and nothing of it begun until the commit."""
        await writer.value(_ONE_AT_A_TIME, {"of": lock_of(resource_type, resource_id)})

    async def _get(self, resource_type: str, *parts: str) -> Answer | None:
        """What is answered to a read: good, 404 or 410; None for an id that no address can carry."""
        if not all(part.strip(".") for part in parts):
            return None
        answer = await self.client.get(self.client.address(resource_type, *parts))
        if answer.status != HTTPStatus.OK and answer.status not in _ABSENT:
            raise StoreFailing(f"a read was answered with {answer.status}")
        return answer

    async def _written(self, resource: Resource, condition: Mapping[str, str], after: int) -> StoredResource | None:
        """The version that was written after version `after`, None when somebody was faster.

        When the answer was lost, what is there now tells: the same content is ours, and what is still as it was is
        written once more, under the same id and condition.
        """
        for last in (False, True):
            try:
                stored = await self._put(resource, condition)
            except OutcomeUnknown:
                if last:
                    raise
            else:
                if stored is not None and stored.version < after + (not same_content(stored.resource(), resource)):
                    raise StoreFailing("a write made no new version")
                if stored is not None or not last:
                    return stored
            present = await self.present(resource["resourceType"], resource["id"])
            if present is not None and present.version > after and same_content(present.resource(), resource):
                return present
            if (0 if present is None else present.version) != after:
                return None
        return None

    async def _put(self, resource: Resource, condition: Mapping[str, str]) -> StoredResource | None:
        resource_type, resource_id = resource["resourceType"], resource["id"]
        address = self.client.address(resource_type, resource_id)
        answer = await self.client.put(address, serialise(_unversioned(resource)).encode(), condition)
        if answer.status in _FASTER or (answer.status in _ABSENT and "If-Match" in condition):
            return None
        if not answer.is_good:
            raise StoreFailing(f"a write was refused with {answer.status}")
        try:
            return resource_of(answer.body, resource_type, resource_id)
        except StoreFailing as problem:
            raise OutcomeUnknown(str(problem)) from problem


def lock_of(resource_type: str, resource_id: str) -> str:
    """The name of the lock that a writer of the resource holds."""
    return f"fhir/{resource_type}/{resource_id}"


def _unversioned(resource: Resource) -> Resource:
    """The resource without what the server sets, the rest in its order; FHIR knows no empty `meta`."""
    meta = {name: value for name, value in (resource.get("meta") or {}).items() if name not in SET_BY_THE_STORE}
    return {name: meta if name == "meta" else value for name, value in resource.items() if name != "meta" or meta}


def _below(versions: Mapping[int, StoredResource], before: int | None) -> list[StoredResource]:
    return [versions[version] for version in sorted(versions, reverse=True) if before is None or version < before]
