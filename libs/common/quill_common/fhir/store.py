"""The narrow interface behind which FHIR resources are kept, and why a write may be refused."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from quill_common.database.session import Reader, Writer
from quill_common.fhir.resource import Resource, StoredResource


class ResourceExists(Exception):
    """Something of the resource is another's already; nothing was stored.

    `taken` names it: `id`, also when the resource of that id was deleted, or what else may be there once.
    """

    def __init__(self, resource: str, taken: str = "id") -> None:
        super().__init__(f"{resource}: {taken} is taken")
        self.taken = taken


class VersionConflict(Exception):
    """The resource is not, or no longer, at the version that the change was made from; nothing was stored."""


class StoreFailing(Exception):
    """The store cannot be reached, or does not answer as a store does: nothing is known about the resource."""


class DeletionRefused(Exception):
    """The store knows no deletion: a FHIR server of the site's own keeps what it has (contract 13.1)."""


class ResourceStore(Protocol):
    """Versioned resources. What it writes commits and rolls back with the caller's transaction, where it can.

    Every method raises StoreFailing when nothing can be told or done.

    A resource is a JSON object with `resourceType` and `id`. The store sets `meta.versionId` (from 1, without holes)
    and `meta.lastUpdated`; all else is kept as it came. It does not judge content: see `quill_common.fhir.validation`.
    """

    deletes: ClassVar[bool]
    """Whether it knows deletion; one that does not raises DeletionRefused."""

    async def create(self, writer: Writer, resource: Resource) -> StoredResource:
        """Store version 1. Raises ResourceExists, also when another does the same at the same moment."""

    async def create_all(
        self, writer: Writer, resources: Sequence[Resource]
    ) -> Sequence[StoredResource | ResourceExists]:
        """The same for many at once: for each, in the order given, what was stored or why it was not.

        Of two that cannot both be stored the first is. The others do not hinder the rest.
        """

    async def read(self, reader: Reader, resource_type: str, resource_id: str) -> StoredResource | None:
        """The present version, None when there is no such resource or it was deleted."""

    async def read_all(
        self, reader: Reader, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, StoredResource]:
        """`read` for some hundreds at once; what is not there is left out."""

    async def read_version(
        self, reader: Reader, resource_type: str, resource_id: str, version: int
    ) -> StoredResource | None:
        """That version, None when there is none; the one that says deleted has no content."""

    async def read_to_change(self, writer: Writer, resource_type: str, resource_id: str) -> StoredResource | None:
        """The same for a change in this transaction: where the store can, it keeps others from changing it."""

    async def update(self, writer: Writer, resource: Resource, expected: int) -> StoredResource:
        """Store the version after `expected`. Raises VersionConflict when that is not the newest one.

        Raises ResourceExists when it would take what is another's; the transaction is then to be undone.
        """

    async def delete(self, writer: Writer, resource_type: str, resource_id: str, expected: int) -> StoredResource:
        """Store a version after `expected` that says deleted. Raises VersionConflict.

        Everything before stays in the history; an `update` from that version brings the resource back.
        """

    async def page(self, reader: Reader, resource_type: str, after: str | None, limit: int) -> Sequence[StoredResource]:
        """Up to `limit` present resources in the order of their ids, from the first behind the id `after`."""

    async def history(
        self,
        reader: Reader,
        resource_type: str,
        resource_id: str,
        *,
        limit: int | None = None,
        before: int | None = None,
    ) -> Sequence[StoredResource]:
        """Every version, newest first; empty when there is no such resource.

        At most `limit`, and only versions below `before`.
        """
