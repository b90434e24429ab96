"""Who may see which accounts."""

from typing import Any

import pytest
from quill_auth.testing.people import People, Visitor
from quill_common.access.tables import AccessGrant
from quill_common.testing.kit import ServiceKit
from sqlalchemy import insert


async def names(visitor: Visitor, **params: Any) -> list[str]:
    response = await visitor.client.get("/api/users", params=params)
    assert response.status_code == 200, response.text
    return [user["username"] for user in response.json()["users"]]


@pytest.fixture
async def everyone(people: People) -> Visitor:
    """One of each level, one of them inactive; the visitor is the admin `admin2`."""
    await people.account("patient", is_active=False)
    admin = await people.visitor("admin")
    for level in ("staff", "superadmin", "external_hcp", "patient_advocate"):
        await people.account(level)
    return admin


async def test_an_admin_sees_every_account_by_id(everyone: Visitor) -> None:
    response = await everyone.client.get("/api/users")
    assert response.json()["users"][0] == {
        "id": 1,
        "username": "patient1",
        "email": "patient1@example.org",
        "system_permissions": "patient",
    }
    assert response.json()["next_cursor"] is None
    assert await names(everyone, patient_id="", permission_level="") == [
        "patient1",
        "admin2",
        "staff3",
        "superadmin4",
        "external_hcp5",
        "patient_advocate6",
    ]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("patient", ["patient1", "admin2", "staff3", "superadmin4"]),
        ("staff", ["admin2", "staff3", "superadmin4"]),
        ("admin", ["admin2", "superadmin4"]),
        ("superadmin", ["superadmin4"]),
    ],
)
async def test_a_level_means_that_level_or_higher(everyone: Visitor, level: str, expected: list[str]) -> None:
    assert await names(everyone, permission_level=level) == expected


@pytest.mark.parametrize("level", ["external_hcp", "patient_advocate", "boss", "Staff", "'; --"])
async def test_a_level_off_the_ladder_is_refused(everyone: Visitor, level: str) -> None:
    response = await everyone.client.get("/api/users", params={"permission_level": level})
    assert (response.status_code, response.json()) == (400, {"detail": f"Invalid permission_level: {level}"})


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "staff"])
async def test_the_whole_list_is_for_admins(people: People, level: str) -> None:
    visitor = await people.visitor(level)
    response = await visitor.client.get("/api/users", params={"permission_level": "boss"})
    assert (response.status_code, response.json()) == (403, {"detail": "Requires admin or superadmin permissions"})


async def test_pages_join_without_gap_or_repeat(people: People) -> None:
    admin = await people.visitor("admin")
    for _ in range(6):
        await people.account("staff")
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, Any] = {"limit": 3, "cursor": cursor, "permission_level": "staff"}
        page = (await admin.client.get("/api/users", params=params)).json()
        seen += [user["id"] for user in page["users"]]
        cursor = page["next_cursor"]
    assert seen == list(range(1, 8))


async def test_a_foreign_cursor_or_limit_is_refused(people: People) -> None:
    admin = await people.visitor("admin")
    for cursor in ("x", "WyJ4Il0", "W10", "é"):
        response = await admin.client.get("/api/users", params={"cursor": cursor})
        assert (response.status_code, response.json()) == (400, {"detail": "Invalid cursor"})
    for limit in (0, 1001, "x"):
        assert (await admin.client.get("/api/users", params={"limit": limit})).status_code == 422


async def around(kit: ServiceKit, people: People) -> list[str]:
    """Patient p1 of organisations 1 and 2, with staff in both, one inactive, one elsewhere and one grant."""
    await kit.patient("p1", 1, 2)
    expected = [(await people.account("staff", organisations=(1,)))[1]]
    expected.append((await people.account("staff", organisations=(2, 1)))[1])
    await people.account("staff", organisations=(1,), is_active=False)
    await people.account("staff", organisations=(3,))
    granted, name = await people.account("external_hcp")
    await kit.write(insert(AccessGrant).values(user_id=granted, patient_id="p1"))
    return [*expected, name]


async def test_the_picker_lists_active_staff_around_the_patient_and_holders_of_grants(
    kit: ServiceKit, people: People
) -> None:
    expected = await around(kit, people)
    clinician = await people.visitor("staff", organisations=(2,))
    response = await clinician.client.get("/api/users", params={"patient_id": "p1", "permission_level": "boss"})
    users = response.json()["users"]
    assert [user["username"] for user in users] == [*expected, clinician.username]
    assert all(user["email"] == f"{user['username']}@example.org" for user in users)


async def test_below_staff_the_picker_shows_no_addresses(kit: ServiceKit, people: People) -> None:
    expected = await around(kit, people)
    patient = await people.visitor("patient", patient_id="p1")
    users = (await patient.client.get("/api/users", params={"patient_id": "p1"})).json()["users"]
    assert [user["username"] for user in users] == expected
    assert {user["email"] for user in users} == {""}


async def test_the_picker_is_paged(kit: ServiceKit, people: People) -> None:
    expected = await around(kit, people)
    admin = await people.visitor("admin")
    first = (await admin.client.get("/api/users", params={"patient_id": "p1", "limit": 2})).json()
    assert [user["username"] for user in first["users"]] == expected[:2]
    assert await names(admin, patient_id="p1", cursor=first["next_cursor"]) == expected[2:]


async def test_without_access_known_and_unknown_patients_look_the_same(kit: ServiceKit, people: People) -> None:
    await kit.patient("p1", 1)
    strangers = [
        await people.visitor("staff", organisations=(2,)),
        await people.visitor("patient", organisations=(1,)),
        await people.visitor("patient", patient_id="p2"),
        await people.visitor("external_hcp"),
    ]
    for stranger in strangers:
        for patient in ("p1", "unknown", "not a FHIR id"):
            response = await stranger.client.get("/api/users", params={"patient_id": patient})
            assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})


async def test_admins_learn_that_a_patient_does_not_exist(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    response = await admin.client.get("/api/users", params={"patient_id": "unknown"})
    assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})
    await kit.patient("alone")
    assert await names(admin, patient_id="alone") == []


async def test_a_longer_list_costs_no_more_statements(kit: ServiceKit, people: People) -> None:
    await around(kit, people)
    admin = await people.visitor("admin")
    clinician = await people.visitor("staff", organisations=(1,))
    counts: list[list[int]] = []
    for _ in range(2):
        counts.append([])
        for visitor, params in ((admin, {}), (clinician, {"patient_id": "p1"})):
            with kit.statements() as seen:
                await names(visitor, **params)
            counts[-1].append(len(seen))
        for _ in range(5):
            await people.account("staff", organisations=(1,))
    assert counts == [[2, 4], [2, 4]]
