"""The organisation that a patient was created into, and no second one (contract 9)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from quill_common.events.catalogue.patients import PatientCreated
from quill_common.events.envelope import Event
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

ROWS = "SELECT organisation_id, is_primary FROM organisation_patient_member ORDER BY 1"
Hear = Callable[[Event], Awaitable[None]]


@pytest.fixture(autouse=True)
async def _organisations(kit: ServiceKit) -> None:
    sql = "INSERT INTO organizations (name, type) SELECT 'Ward ' || n, 'department' FROM generate_series(1, 9) AS n"
    await kit.write(text(sql))
    await kit.patient("p-1")


async def test_the_database_itself_allows_one_primary_a_patient(kit: ServiceKit) -> None:
    row = "INSERT INTO organisation_patient_member VALUES (:org_id, 'p-1', true)"
    await kit.write(text(row), {"org_id": 1})
    with pytest.raises(IntegrityError, match="one_primary"):
        await kit.write(text(row), {"org_id": 2})


async def test_of_many_creations_at_once_all_make_members_and_one_is_primary(
    kit: ServiceKit, admin: Person, hear: Hear
) -> None:
    adding = (
        admin.client.post(f"/api/organizations/{number}/patients", json={"patient_id": "p-1"}) for number in (8, 9)
    )
    created = [PatientCreated(id="p-1", organisation_id=number) for number in range(1, 8)]
    await asyncio.gather(*adding, *(hear(event) for event in created))
    rows = await kit.read(ROWS)
    assert [row["organisation_id"] for row in rows] == list(range(1, 10))
    assert [row["is_primary"] for row in rows].count(True) == 1
    assert [row["is_primary"] for row in rows[7:]] == [False, False]


async def test_a_member_that_is_told_of_again_stays_as_it_is(kit: ServiceKit, admin: Person, hear: Hear) -> None:
    await admin.client.post("/api/organizations/1/patients", json={"patient_id": "p-1"})
    for _ in range(2):
        await hear(PatientCreated(id="p-1", organisation_id=1))
        await hear(PatientCreated(id="p-1", organisation_id=2))
    assert [tuple(row.values()) for row in await kit.read(ROWS)] == [(1, False), (2, True)]
    assert len(await kit.published()) == 2
