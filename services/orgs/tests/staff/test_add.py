"""Adding staff (contract 5.6)."""

import asyncio

import pytest
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

ROWS = "SELECT organisation_id, user_id, is_primary FROM organisation_staff_member ORDER BY 1, 2"
ADDED = "quill.orgs.staff.added.v1"


async def add(admin: Person, org_id: int, user_id: object, key: str | None = None) -> tuple[int, object]:
    headers = {"Idempotency-Key": key} if key else {}
    response = await admin.client.post(f"/api/organizations/{org_id}/staff", json={"user_id": user_id}, headers=headers)
    return response.status_code, response.json()


@pytest.fixture(autouse=True)
async def _organisations(kit: ServiceKit) -> None:
    sql = "INSERT INTO organizations (name, type) SELECT 'Ward ' || n, 'department' FROM generate_series(1, 9) AS n"
    await kit.write(text(sql))


async def test_the_first_membership_is_primary_and_no_other(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    answers = [await add(admin, org_id, person.id) for org_id in (3, 1, 2)]
    assert answers == [
        (200, {"organisation_id": org_id, "user_id": person.id, "username": person.username}) for org_id in (3, 1, 2)
    ]
    expected = [{"organisation_id": org_id, "user_id": person.id, "is_primary": org_id == 3} for org_id in (3, 1, 2)]
    assert await kit.published(ADDED) == expected
    assert await kit.read(ROWS) == sorted(expected, key=lambda row: int(str(row["organisation_id"])))


async def test_the_policy_of_this_service_knows_the_member_at_once(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    await add(admin, 1, person.id)
    assert await kit.read("SELECT user_id, organisation_id, is_primary FROM access_staff") == [
        {"user_id": person.id, "organisation_id": 1, "is_primary": True}
    ]


@pytest.mark.parametrize("level", ["staff", "admin", "superadmin"])
async def test_staff_and_above_may_be_added(kit: ServiceKit, admin: Person, level: str) -> None:
    assert (await add(admin, 1, (await kit.person(level)).id))[0] == 200


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "root", ""])
async def test_below_staff_is_refused(kit: ServiceKit, admin: Person, level: str) -> None:
    refusal = (400, {"detail": "User must have staff-level permissions or above"})
    assert await add(admin, 1, (await kit.person(level)).id) == refusal
    assert await kit.read(ROWS) == []


async def test_a_missing_or_inactive_user_is_not_found(kit: ServiceKit, admin: Person) -> None:
    inactive = await kit.person(is_active=False)
    for user_id in (inactive.id, 0, -1, 2**63 - 1):
        assert await add(admin, 1, user_id) == (404, {"detail": "User not found"})


async def test_a_missing_organisation_is_not_found_in_american_spelling(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    for org_id in (10, 0, -1, 2**63 - 1):
        assert await add(admin, org_id, person.id) == (404, {"detail": "Organization not found"})


async def test_a_member_cannot_be_added_again(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    await add(admin, 1, person.id)
    refusal = (409, {"detail": "User is already a staff member of this organisation"})
    assert await add(admin, 1, person.id) == refusal
    assert len(await kit.published(ADDED)) == 1


async def test_of_the_same_addition_many_times_at_once_one_goes_in(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    answers = await asyncio.gather(*(add(admin, 1, person.id) for _ in range(8)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 7
    refused = {"detail": "User is already a staff member of this organisation"}
    assert [body for status, body in answers if status == 409] == [refused] * 7
    assert len(await kit.published(ADDED)) == len(await kit.read(ROWS)) == 1


async def test_additions_to_many_organisations_at_once_leave_one_primary(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    answers = await asyncio.gather(*(add(admin, org_id, person.id) for org_id in range(1, 10)))
    assert [status for status, _ in answers] == [200] * 9
    rows = await kit.read(ROWS)
    assert [row["is_primary"] for row in rows].count(True) == 1
    assert sorted(await kit.published(ADDED), key=lambda event: event["organisation_id"]) == rows


async def test_the_database_itself_allows_one_primary_a_user(kit: ServiceKit) -> None:
    row = "INSERT INTO organisation_staff_member VALUES (:org_id, 7, true)"
    await kit.write(text(row), {"org_id": 1})
    with pytest.raises(IntegrityError, match="one_primary"):
        await kit.write(text(row), {"org_id": 2})


@pytest.mark.parametrize("user_id", [None, "x", "", 1.5, [], {}, 2**63, -(2**63) - 1, 10**400, "1\x00", "9" * 5000])
async def test_a_user_id_that_is_none_is_a_422(kit: ServiceKit, admin: Person, user_id: object) -> None:
    status, body = await add(admin, 1, user_id)
    assert status == 422, body
    assert await kit.read(ROWS) == []


async def test_unknown_fields_are_refused(kit: ServiceKit, admin: Person) -> None:
    body = {"user_id": (await kit.person()).id, "is_primary": True}
    response = await admin.client.post("/api/organizations/1/staff", json=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "is_primary"]


async def test_a_failing_commit_adds_and_publishes_nothing(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person()
    for table in ("organisation_staff_member", "access_staff", "outbox"):
        async with kit.failing_commits(table):
            assert (await add(admin, 1, person.id))[0] == 503
        assert await kit.read(ROWS) == await kit.read("SELECT * FROM access_staff") == await kit.published() == []


async def test_the_same_key_adds_once_and_answers_the_same(kit: ServiceKit, admin: Person) -> None:
    first, second = await kit.person(), await kit.person()
    answer = await add(admin, 1, first.id, "k")
    assert answer[0] == 200
    assert await add(admin, 1, first.id, "k") == answer
    assert await add(admin, 1, second.id, "k") == (
        422,
        {"detail": "Idempotency-Key was used with a different request"},
    )
    assert (await add(admin, 2, first.id, "k"))[0] == 422
    assert len(await kit.published(ADDED)) == 1


async def test_a_refusal_is_not_remembered_for_its_key(kit: ServiceKit, admin: Person) -> None:
    person = await kit.person("patient")
    assert (await add(admin, 1, person.id, "k"))[0] == 400
    await kit.write(text("UPDATE access_user SET level = 'staff' WHERE id = :id"), {"id": person.id})
    assert (await add(admin, 1, person.id, "k"))[0] == 200
