"""One running orgs service for all tests of this folder, emptied before each."""

from collections.abc import Awaitable, Callable

import pytest
from quill_common.events.envelope import Event
from quill_common.testing.kit import Person, ServiceKit, kit_fixture
from quill_orgs.app import create_app
from quill_orgs.settings import Settings

NewOrganisation = Callable[..., Awaitable[int]]
Hear = Callable[[Event], Awaitable[None]]


session_kit = kit_fixture("orgs", create_app, Settings)


@pytest.fixture
async def admin(kit: ServiceKit) -> Person:
    return await kit.admin()


@pytest.fixture
def new_organisation(admin: Person) -> NewOrganisation:
    """Creates an organisation through the API; its id."""

    async def create(name: str = "Ward 7", kind: str = "hospital_team") -> int:
        response = await admin.client.post("/api/organizations", json={"name": name, "type": kind})
        assert response.status_code == 200, response.text
        return int(response.json()["id"])

    return create


@pytest.fixture
def hear(kit: ServiceKit) -> Hear:
    """Lets the service learn of an event of another one, as its consumer does."""

    async def apply(event: Event) -> None:
        async with kit.parts.units.open(cause=event.source) as work:
            await kit.parts.projection.apply(work, event.type, event.model_dump())

    return apply


@pytest.fixture
def clinical_off(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit.parts.settings, "clinical_services_enabled", False)
