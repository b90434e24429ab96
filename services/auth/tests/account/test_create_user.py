"""Administrators make accounts."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_auth.testing.people import People, Visitor
from quill_common.testing.kit import ServiceKit

BEN = {"name": "Ben Example", "email": "ben@example.org", "password": "a quiet Tuesday"}


@pytest.fixture
async def admin(people: People) -> Visitor:
    return await people.visitor("admin")


async def create(visitor: Visitor, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    return await visitor.client.post("/api/users", json={**BEN, **changes}, headers=headers)


async def test_the_username_is_made_from_the_name(kit: ServiceKit, people: People, admin: Visitor) -> None:
    response = await create(admin, name="  Ben  Example ")
    user_id = response.json()["id"]
    assert response.json() == {
        "detail": "created",
        "id": user_id,
        "username": "benexample",
        "email": "ben@example.org",
    }
    detail = await admin.client.get(f"/api/users/{user_id}")
    assert detail.json() == {
        "id": user_id,
        "username": "benexample",
        "email": "ben@example.org",
        "name": "Ben  Example",
        "base_profession": "patient",
        "additional_competencies": [],
        "removed_competencies": [],
        "roles": [],
        "system_permissions": "patient",
    }
    assert (await people.login("benexample", BEN["password"])).status_code == 200


async def test_the_event_tells_all_facts(kit: ServiceKit, admin: Visitor) -> None:
    await create(
        admin,
        username=" ben ",
        system_permissions="staff",
        base_profession="registered_nurse",
        additional_competencies=["interpret_ecg", "interpret_ecg"],
        removed_competencies=["perform_cannulation"],
    )
    assert (await kit.published("quill.auth.user.created.v1"))[-1] == {
        "id": 2,
        "username": "ben",
        "full_name": "Ben Example",
        "email": "ben@example.org",
        "level": "staff",
        "roles": ["Clinician"],
        "competencies": [
            "access_patient_records",
            "certify_fitness_to_work",
            "interpret_ecg",
            "modify_patient_records",
            "perform_venepuncture",
            "refer_specialty",
            "take_informed_consent",
        ],
        "is_active": True,
        "patient_id": None,
        "organisation_id": None,
    }


@pytest.mark.parametrize(
    ("changes", "roles"),
    [
        ({"system_permissions": "staff", "base_profession": "consultant"}, ["Clinician"]),
        ({"system_permissions": "admin", "base_profession": "consultant"}, ["Clinician"]),
        ({"system_permissions": "patient", "base_profession": "consultant"}, []),
        ({"system_permissions": "external_hcp", "base_profession": "consultant"}, []),
        ({"system_permissions": "staff", "base_profession": "receptionist"}, []),
        (
            {
                "system_permissions": "staff",
                "base_profession": "consultant",
                "removed_competencies": ["modify_patient_records"],
            },
            [],
        ),
        ({"system_permissions": "staff", "base_profession": "consultant", "roles": []}, []),
        (
            {"system_permissions": "staff", "roles": ["Patient", "Clinician", "Patient"]},
            ["Clinician", "Patient"],
        ),
        ({"system_permissions": "", "base_profession": ""}, []),
    ],
)
async def test_clinical_staff_are_clinicians_unless_roles_are_named(
    admin: Visitor, changes: dict[str, Any], roles: list[str]
) -> None:
    user_id = (await create(admin, **changes)).json()["id"]
    assert (await admin.client.get(f"/api/users/{user_id}")).json()["roles"] == roles


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "staff"])
async def test_who_is_below_admin_makes_nobody(people: People, level: str) -> None:
    visitor = await people.visitor(level)
    for level_asked in ("patient", "boss"):
        response = await create(visitor, system_permissions=level_asked)
        assert response.status_code == 403
        assert response.json() == {"detail": "Admin or superadmin permissions required to create users"}


async def test_nobody_grants_a_level_above_the_own_one(kit: ServiceKit, people: People, admin: Visitor) -> None:
    response = await create(admin, system_permissions="superadmin", password="short")
    assert (response.status_code, response.json()) == (403, {"detail": "Cannot grant permissions above your own"})
    root = await people.visitor("superadmin")
    assert (await create(root, system_permissions="superadmin")).status_code == 200
    assert (await create(admin, name="Cy", email="cy@example.org", system_permissions="admin")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"email": "  "}, "Missing required fields"),
        ({"password": ""}, "Missing required fields"),
        ({"name": "  "}, "Missing required fields"),
        ({"name": " ", "username": " "}, "Missing required fields"),
        ({"password": "seven77"}, "Password must be at least 8 characters"),
        ({"password": "sunshine1"}, "Password too common"),
        ({"password": "BEN@example.org"}, "Password too common"),
        ({"username": "taken"}, "Username already exists"),
        ({"name": "Ta ken"}, "Username already exists"),
        ({"email": "Taken@Example.org"}, "Email already exists"),
    ],
)
async def test_each_refusal_has_its_text(
    kit: ServiceKit, people: People, admin: Visitor, changes: dict[str, Any], detail: str
) -> None:
    await people.account(username="taken", email="taken@example.org")
    response = await create(admin, **changes)
    assert (response.status_code, response.json()) == (400, {"detail": detail})
    assert len(await kit.read("SELECT id FROM users")) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"system_permissions": "boss"},
        {"system_permissions": None},
        {"base_profession": "wizard"},
        {"additional_competencies": ["fly"]},
        {"removed_competencies": ["access_patient_record"]},
        {"additional_competencies": "interpret_ecg"},
        {"roles": ["Wizard"]},
        {"roles": "Clinician"},
        {"roles": ["Clinician\x00"]},
        {"username": "a" * 151},
        {"name": "a" * 256},
        {"name": "a" * 200},
        {"name": "a" * 200, "username": " "},
        {"name": "İ" * 150},
        {"email": "a" * 256},
        {"password": "a" * 129},
        {"name": None},
        {"email": 5},
    ],
)
async def test_unknown_values_and_lengths_are_a_422(kit: ServiceKit, admin: Visitor, changes: dict[str, Any]) -> None:
    response = await create(admin, **changes)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], list)
    assert len(await kit.read("SELECT id FROM users")) == 1


async def test_two_at_once_make_one(kit: ServiceKit, admin: Visitor) -> None:
    answers = await asyncio.gather(*(create(admin) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert len(await kit.read("SELECT id FROM users")) == 2


async def test_a_commit_that_fails_stores_and_publishes_nothing(kit: ServiceKit, admin: Visitor) -> None:
    async with kit.failing_commits("users"):
        assert (await create(admin, roles=["Clinician"])).status_code >= 500
    assert len(await kit.read("SELECT id FROM users")) == 1
    assert len(await kit.read("SELECT id FROM access_user")) == 1
    assert len(await kit.published()) == 1


async def test_the_same_key_makes_one_account(kit: ServiceKit, people: People, admin: Visitor) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await create(admin, key)
    again = await create(admin, key)
    assert again.json() == first.json()
    assert (await create(admin, key, name="Cy")).status_code == 422
    other = await people.visitor("admin")
    assert (await create(other, key)).json() == {"detail": "Username already exists"}
