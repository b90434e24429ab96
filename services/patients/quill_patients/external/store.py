"""The store of patients of a site that has a FHIR server: access from our projection, resources from there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from quill_common.access.policy import may_administer
from quill_common.access.principal import Principal
from quill_common.database.session import Reader, Writer
from quill_common.fhir.http_answers import Entry
from quill_common.fhir.http_client import FhirClient
from quill_common.fhir.http_store import PAGE, HttpResourceStore
from quill_common.fhir.resource import Resource, StoredResource, is_fhir_id, same_content
from quill_common.fhir.store import ResourceExists, StoreFailing
from quill_common.http.paging import Page

from quill_patients.external import repository
from quill_patients.external.shape import require_readable
from quill_patients.patient.identifiers import NHS_NUMBER
from quill_patients.patient.naming import sort_keys
from quill_patients.patient.nhs_number import current_numbers
from quill_patients.patient.resource import AVATAR
from quill_patients.patient.store import NHS_NUMBER_TAKEN, RESOURCE_TYPE, Found
from quill_patients.search.matching import Candidate, matches
from quill_patients.search.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Listed:
    """A `ListedPatient`."""

    id: str
    content: str
    is_active: bool
    family_key: str
    given_key: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.family_key, self.given_key, self.id


class ExternalPatients(HttpResourceStore):
    """A `PatientStore`. Who may see whom is decided here before the server is asked anything."""

    def __init__(self, client: FhirClient, list_seconds: float) -> None:
        super().__init__(client, repository.ids_after)
        self._list_seconds = list_seconds

    async def find(self, reader: Reader, principal: Principal, patient_id: str) -> Found:
        if not await may_administer(reader, principal, patient_id):
            return Found(allowed=False, version=None, content=None)
        await reader.let_go()
        stored = await self.present(RESOURCE_TYPE, patient_id)
        return Found(True, stored.version if stored else None, stored.content if stored else None)

    async def search(self, reader: Reader, principal: Principal, wanted: Wanted, page: Page) -> Sequence[Listed]:
        after = page.after(str, str, str)
        found: dict[str, Listed] = {}
        async for some in self._listed(reader, principal, wanted):
            found.update((row.id, row) for row in some if after is None or row.key > after)
            found = _first(found, page.fetch)
        return list(found.values())

    async def count(self, reader: Reader, principal: Principal, wanted: Wanted) -> int:
        ids: set[str] = set()
        async for some in self._listed(reader, principal, wanted):
            ids.update(row.id for row in some)
        return len(ids)

    async def check(self, reader: Reader) -> None:
        await reader.let_go()
        await self.client.check()

    async def create(self, writer: Writer, resource: Resource) -> StoredResource:
        await self.lock(writer, RESOURCE_TYPE, resource["id"])
        await self._require_free_numbers(writer, resource)
        try:
            return await super().create(writer, resource)
        except ResourceExists:
            left = await self._left_behind(writer, resource)
            if left is None:
                raise
            return left

    async def read_to_change(self, writer: Writer, resource_type: str, resource_id: str) -> StoredResource | None:
        stored = await super().read_to_change(writer, resource_type, resource_id)
        if stored is not None:
            require_readable(stored.resource())
        return stored

    async def update(self, writer: Writer, resource: Resource, expected: int) -> StoredResource:
        await self.lock(writer, RESOURCE_TYPE, resource["id"])
        await self._require_free_numbers(writer, resource)
        return await super().update(writer, resource, expected)

    async def _listed(self, reader: Reader, principal: Principal, wanted: Wanted) -> AsyncIterator[list[Listed]]:
        """All that the list shows, some at a time and in no order, within the time that a list may take."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._list_seconds
        candidates = self._candidates(reader, principal, wanted)
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    some = await anext(candidates, None)
            except TimeoutError as problem:
                raise StoreFailing("the pages of a list take too long") from problem
            if some is None:
                return
            yield _shown(some, wanted)

    async def _candidates(
        self, reader: Reader, principal: Principal, wanted: Wanted
    ) -> AsyncIterator[list[tuple[Entry, bool]]]:
        """Who may be listed, each with whether active: all of the server, or only those whom the principal may see."""
        if wanted.everyone:
            inactive = await repository.inactive(reader)
            await reader.let_go()
            async for page in self.search_pages(RESOURCE_TYPE, _count=str(PAGE)):
                yield [(entry, entry.stored.id not in inactive) for entry in page]
            return
        visible = await repository.visible(reader, principal)
        await reader.let_go()
        ids = sorted(one for one, active in visible.items() if (active or wanted.include_inactive) and is_fhir_id(one))
        async for page in self.of_ids(RESOURCE_TYPE, ids):
            yield [(entry, visible[entry.stored.id]) for entry in page]

    async def _require_free_numbers(self, writer: Writer, resource: Resource) -> None:
        """Raise ResourceExists where another patient of the server has one of the NHS numbers.

        Who had it already before this change keeps it, though it is another's too: a site may have such records.
        """
        for number in sorted(current_numbers(resource)):
            await repository.hold_number(writer, number)
            if await self._is_anothers(resource["id"], number):
                present = await self.present(RESOURCE_TYPE, resource["id"])
                if present is None or number not in current_numbers(present.resource()):
                    raise ResourceExists(f"{RESOURCE_TYPE}/{resource['id']}", NHS_NUMBER_TAKEN)

    async def _is_anothers(self, patient_id: str, number: str) -> bool:
        async for page in self.search_pages(RESOURCE_TYPE, identifier=f"{NHS_NUMBER}|{number}"):
            for entry in page:
                require_readable(entry.resource)
                if entry.stored.id != patient_id and number in current_numbers(entry.resource):
                    return True
        return False

    async def _left_behind(self, writer: Writer, resource: Resource) -> StoredResource | None:
        """What a creation wrote whose transaction was then undone: nobody was ever told of it, and it says the same."""
        stored = await self.present(RESOURCE_TYPE, resource["id"])
        if stored is None or await repository.known(writer, [stored.id]):
            return None
        return stored if same_content(_without_avatar(stored.resource()), _without_avatar(resource)) else None


def _shown(some: list[tuple[Entry, bool]], wanted: Wanted) -> list[Listed]:
    rows = []
    for entry, active in some:
        require_readable(entry.resource)
        if matches(wanted, Candidate(entry.resource, active)):
            rows.append(Listed(entry.stored.id, entry.stored.content, active, **sort_keys(entry.resource)))
    return rows


def _first(found: dict[str, Listed], number: int) -> dict[str, Listed]:
    """The first ones in the order of the list, in that order: code points, as PostgreSQL's collation C has it."""
    return {row.id: row for row in sorted(found.values(), key=lambda row: row.key)[:number]}


def _without_avatar(resource: Resource) -> Resource:
    """The avatar is drawn by lot at each creation."""
    others = [one for one in resource.get("extension") or [] if not isinstance(one, dict) or one.get("url") != AVATAR]
    return {**resource, "extension": others}
