"""Where Patient resources are kept: one interface, and how a route reaches what stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Protocol, cast

from fastapi import Depends, Request
from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.fhir.store import ResourceStore
from quill_common.http.paging import Page

from quill_patients.search.wanted import Wanted

RESOURCE_TYPE: Final = "Patient"
NHS_NUMBER_TAKEN: Final = "NHS number"  # what `ResourceExists.taken` says of a number that is another patient's


@dataclass(frozen=True, slots=True)
class Found:
    """One patient as asked for by a principal: whether they may, and what there is."""

    allowed: bool
    version: int | None
    content: str | None


class ListedPatient(Protocol):
    """A row of a list: the resource as it is sent, whether it is active, and its place in the list's order."""

    @property
    def id(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def family_key(self) -> str: ...
    @property
    def given_key(self) -> str: ...


class PatientStore(ResourceStore, Protocol):
    """What is asked of patients takes the principal: nobody sees one by asking another way."""

    async def find(self, reader: Reader, principal: Principal, patient_id: str) -> Found:
        """Decide rule A and fetch."""

    async def search(self, reader: Reader, principal: Principal, wanted: Wanted, page: Page) -> Sequence[ListedPatient]:
        """Up to `page.fetch` patients by family name, given name and id: those of rule P, or all.

        Raises StoreFailing while some that are stored could not be found: what is shown is the whole truth.
        """

    async def count(self, reader: Reader, principal: Principal, wanted: Wanted) -> int:
        """How many patients all pages of that search show together. Raises StoreFailing."""

    async def check(self, reader: Reader) -> None:
        """Read for real and tell nothing. Raises what makes the store unusable."""


def store_of(request: Request) -> PatientStore:
    """The store of the running service."""
    return cast(PatientStore, request.app.state.patients)


async def _of(request: Request) -> PatientStore:  # async: FastAPI gives a plain function to a thread
    return store_of(request)


Store = Annotated[PatientStore, Depends(_of)]
