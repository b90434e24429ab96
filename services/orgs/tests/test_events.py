"""What orgs does when it hears of others (events.py)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from quill_common.events.catalogue.auth import UserChanged, UserCreated
from quill_common.events.catalogue.patients import PatientCreated
from quill_common.events.envelope import Event
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text

Hear = Callable[[Event], Awaitable[None]]
STAFF = "SELECT organisation_id, user_id, is_primary FROM organisation_staff_member ORDER BY 1"
PATIENTS = "SELECT organisation_id, patient_id, is_primary FROM organisation_patient_member"
FACTS: dict[str, Any] = {
    "id": 1_000_077,
    "username": "rose",
    "full_name": None,
    "email": "rose@example.org",
    "level": "patient",
    "roles": [],
    "competencies": [],
    "is_active": True,
    "patient_id": None,
}
MEMBER = {"organisation_id": 2, "user_id": 1_000_077, "is_primary": True}


@pytest.fixture(autouse=True)
async def _organisations(kit: ServiceKit) -> None:
    await kit.write(text("INSERT INTO organizations (name, type) VALUES ('A', 'department'), ('B', 'department')"))


async def test_who_registers_into_an_organisation_is_on_its_staff_list(
    kit: ServiceKit, admin: Person, hear: Hear
) -> None:
    await hear(UserCreated(**FACTS, organisation_id=2))
    assert await kit.read(STAFF) == await kit.published("quill.orgs.staff.added.v1") == [MEMBER]
    assert await kit.read("SELECT cause FROM outbox") == [{"cause": "auth"}]
    [listed] = (await admin.client.get("/api/organizations/2")).json()["staff_members"]
    assert listed == {"id": 1_000_077, "username": "rose", "email": "rose@example.org", "is_primary": True}


async def test_hearing_of_it_twice_changes_nothing(kit: ServiceKit, hear: Hear) -> None:
    for _ in range(2):
        await hear(UserCreated(**FACTS, organisation_id=2))
    assert await kit.read(STAFF) == await kit.published() == [MEMBER]


async def test_hearing_of_it_twice_at_once_changes_nothing(kit: ServiceKit, hear: Hear) -> None:
    await asyncio.gather(*(hear(UserCreated(**FACTS, organisation_id=2)) for _ in range(4)))
    assert await kit.read(STAFF) == await kit.published() == [MEMBER]


async def test_who_has_a_primary_organisation_keeps_it(kit: ServiceKit, hear: Hear) -> None:
    await kit.write(text("INSERT INTO organisation_staff_member VALUES (1, 1000077, true)"))
    await hear(UserCreated(**FACTS, organisation_id=2))
    assert [row["is_primary"] for row in await kit.read(STAFF)] == [True, False]


async def test_an_account_without_an_organisation_joins_none(kit: ServiceKit, hear: Hear) -> None:
    await hear(UserCreated(**FACTS))
    await hear(UserChanged(**FACTS))
    assert await kit.read(STAFF) == await kit.published() == []


async def test_an_organisation_that_is_not_there_is_passed_over(kit: ServiceKit, hear: Hear) -> None:
    await hear(UserCreated(**FACTS, organisation_id=404))
    await hear(PatientCreated(id="p1", organisation_id=404))
    assert await kit.read(STAFF) == await kit.read(PATIENTS) == await kit.published() == []
    assert await kit.read("SELECT id FROM access_user") == [{"id": 1_000_077}]
    assert await kit.read("SELECT id FROM access_patient") == [{"id": "p1"}]


async def test_a_patient_belongs_to_the_organisation_of_its_creator(kit: ServiceKit, hear: Hear) -> None:
    for _ in range(2):
        await hear(PatientCreated(id="p1", organisation_id=1))
    assert await kit.read(PATIENTS) == [{"organisation_id": 1, "patient_id": "p1", "is_primary": True}]
    assert await kit.published() == [{"organisation_id": 1, "patient_id": "p1"}]
    assert await kit.read("SELECT organisation_id FROM access_patient_member") == [{"organisation_id": 1}]


async def test_a_patient_without_an_organisation_can_be_added_by_hand(
    kit: ServiceKit, admin: Person, hear: Hear
) -> None:
    await hear(PatientCreated(id="p1"))
    assert await kit.read(PATIENTS) == await kit.published() == []
    assert (await admin.client.post("/api/organizations/1/patients", json={"patient_id": "p1"})).status_code == 200


async def test_while_a_projection_is_built_again_nobody_joins_again(kit: ServiceKit) -> None:
    event = UserCreated(**FACTS, organisation_id=2)
    async with kit.parts.units.open(cause="auth", replaying=True) as work:
        await kit.parts.projection.apply(work, event.type, event.model_dump())
    assert await kit.read("SELECT id FROM access_user") == [{"id": 1_000_077}]
    assert await kit.read(STAFF) == await kit.published() == []
