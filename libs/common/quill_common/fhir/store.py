"""The narrow interface behind which FHIR resources are kept, and why a write may be refused."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from quill_common.database.session import Reader, Writer
from quill_common.fhir.resource import Resource, StoredResource


class ResourceExists(Exception):
    """There is a resource of this type and id already; nothing was stored."""


class VersionConflict(Exception):
    """The resource is not, or no longer, at the version that the change was made from; nothing was stored."""


class ResourceStore(Protocol):
    """Versioned resources. What it writes commits and rolls back with the caller's transaction, where it can.

    A resource is a JSON object with `resourceType` and `id`. The store sets `meta.versionId` (from 1, without holes)
    and `meta.lastUpdated`; all else is kept as it came. It does not judge content: see `quill_common.fhir.validation`.
    """

    async def create(self, writer: Writer, resource: Resource) -> StoredResource:
        """Store version 1. Raises ResourceExists, also when another does the same at the same moment."""

    async def create_all(self, writer: Writer, resources: Sequence[Resource]) -> frozenset[str]:
        """Store version 1 of each that can be, all of one type, and leave the others; the ids of those stored.

        Of two that exclude each other the first is stored.
        """

    async def read(self, reader: Reader, resource_type: str, resource_id: str) -> StoredResource | None:
        """The present version, None when there is no such resource."""

    async def read_to_change(self, writer: Writer, resource_type: str, resource_id: str) -> StoredResource | None:
        """The same for a change in this transaction: where the store can, it keeps others from changing it."""

    async def update(self, writer: Writer, resource: Resource, expected: int) -> StoredResource:
        """Store the version after `expected`. Raises VersionConflict when that is not the present one."""

    async def history(self, reader: Reader, resource_type: str, resource_id: str) -> Sequence[StoredResource]:
        """Every version, newest first; empty when there is no such resource."""

    async def histories(
        self, reader: Reader, resource_type: str, resource_ids: Collection[str]
    ) -> Mapping[str, Sequence[StoredResource]]:
        """By id the same of many; an id without a resource is left out."""
