"""Removing staff (contract 5.7)."""

import asyncio

import pytest
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text

ROWS = "SELECT organisation_id, is_primary FROM organisation_staff_member WHERE user_id = :user_id ORDER BY 1"
NOT_FOUND = (404, {"detail": "Membership not found"})
REMOVED = (200, {"status": "removed"})


@pytest.fixture(autouse=True)
async def _organisations(kit: ServiceKit) -> None:
    sql = "INSERT INTO organizations (name, type) SELECT 'Ward ' || n, 'department' FROM generate_series(1, 9) AS n"
    await kit.write(text(sql))


async def add(admin: Person, person: Person, *organisations: int) -> None:
    for org_id in organisations:
        body = {"user_id": person.id}
        response = await admin.client.post(f"/api/organizations/{org_id}/staff", json=body)
        assert response.status_code == 200, response.text


async def remove(admin: Person, org_id: int, user_id: int) -> tuple[int, object]:
    response = await admin.client.delete(f"/api/organizations/{org_id}/staff/{user_id}")
    return response.status_code, response.json()


async def memberships(kit: ServiceKit, person: Person) -> list[tuple[int, bool]]:
    rows = await kit.read(ROWS, user_id=person.id)
    return [(row["organisation_id"], row["is_primary"]) for row in rows]


async def test_a_removed_member_is_gone_everywhere(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    await add(admin, person, 1)
    assert await remove(admin, 1, person.id) == REMOVED
    assert await kit.published("quill.orgs.staff.removed.v1") == [{"organisation_id": 1, "user_id": person.id}]
    assert await memberships(kit, person) == []
    assert await kit.read("SELECT * FROM access_staff") == []
    assert await remove(admin, 1, person.id) == NOT_FOUND
    await add(admin, person, 2)
    assert await memberships(kit, person) == [(2, True)]


async def test_with_the_primary_gone_the_lowest_that_is_left_takes_over(kit: ServiceKit, admin: Person) -> None:
    person, other = await kit.person(), await kit.person()
    await add(admin, person, 5, 7, 3)
    await add(admin, other, 1)
    already = len(await kit.published())
    assert await remove(admin, 5, person.id) == REMOVED
    assert await memberships(kit, person) == [(3, True), (7, False)]
    assert await memberships(kit, other) == [(1, True)]
    assert (await kit.published())[already:] == [
        {"organisation_id": 5, "user_id": person.id},
        {"organisation_id": 3, "user_id": person.id, "is_primary": True},
    ]
    projected = await kit.read(
        "SELECT organisation_id, is_primary FROM access_staff WHERE user_id = :id ORDER BY 1", id=person.id
    )
    assert [tuple(row.values()) for row in projected] == [(3, True), (7, False)]


async def test_another_membership_gone_changes_no_primary(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    await add(admin, person, 5, 3)
    already = len(await kit.published())
    assert await remove(admin, 3, person.id) == REMOVED
    assert await memberships(kit, person) == [(5, True)]
    assert len(await kit.published()) == already + 1


@pytest.mark.parametrize(("org_id", "user_id"), [(1, 404), (99, 1), (0, 0), (-1, -1), (2**63 - 1, 2**63 - 1)])
async def test_what_is_no_membership_is_not_found(admin: Person, org_id: int, user_id: int) -> None:
    assert await remove(admin, org_id, user_id) == NOT_FOUND


async def test_of_the_same_removal_many_times_at_once_one_removes(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    await add(admin, person, 1, 2)
    answers = await asyncio.gather(*(remove(admin, 1, person.id) for _ in range(6)))
    assert sorted(status for status, _ in answers) == [200] + [404] * 5
    assert len(await kit.published("quill.orgs.staff.removed.v1")) == 1
    assert await memberships(kit, person) == [(2, True)]


@pytest.mark.parametrize("_", range(5))
async def test_whatever_happens_at_once_one_membership_stays_primary(kit: ServiceKit, admin: Person, _: int) -> None:
    person = await kit.person()
    await add(admin, person, 1, 2, 3, 4)
    more = (admin.client.post(f"/api/organizations/{org_id}/staff", json={"user_id": person.id}) for org_id in (5, 6))
    await asyncio.gather(*(remove(admin, org_id, person.id) for org_id in (1, 2, 3, 4)), *more)
    stands = await memberships(kit, person)
    assert [org_id for org_id, _ in stands] == [5, 6]
    assert [is_primary for _, is_primary in stands].count(True) == 1
    replayed: dict[int, bool] = {}
    for event in await kit.published():
        if "is_primary" in event:
            replayed[event["organisation_id"]] = event["is_primary"]
        elif event.get("user_id") == person.id:
            del replayed[event["organisation_id"]]
    assert sorted(replayed.items()) == stands


async def test_a_failing_commit_removes_and_publishes_nothing(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    await add(admin, person, 1, 2)
    before = await kit.published()
    async with kit.failing_commits("outbox"):
        assert (await remove(admin, 1, person.id))[0] == 503
    assert await memberships(kit, person) == [(1, True), (2, False)]
    assert await kit.published() == before
