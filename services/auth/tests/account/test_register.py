"""Self-registration."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_auth.organisations.tables import KnownOrganisation
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit
from sqlalchemy import insert

ADA = {"username": "ada", "email": "Ada@Example.org", "password": "a quiet Tuesday"}


async def register(kit: ServiceKit, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    return await kit.anonymous.post("/api/auth/register", json={**ADA, **changes}, headers=headers)


async def test_a_new_account_is_a_patient_without_roles_who_can_sign_in(kit: ServiceKit, people: People) -> None:
    response = await register(kit, username="  ada ", full_name="  ", organisation_id="")
    assert (response.status_code, response.json()) == (200, {"detail": "created"})
    assert "set-cookie" not in response.headers
    assert await kit.published() == [
        {
            "id": 1,
            "username": "ada",
            "full_name": None,
            "email": "Ada@Example.org",
            "level": "patient",
            "roles": [],
            "competencies": ["access_patient_records"],
            "is_active": True,
            "patient_id": None,
            "organisation_id": None,
        }
    ]
    assert (await people.login("ada", ADA["password"])).status_code == 200


async def test_without_clinical_services_people_register_as_learners(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit.app.state.auth.settings, "clinical_services_enabled", False)
    await register(kit)
    assert (await kit.read("SELECT base_profession FROM users")) == [{"base_profession": "learner"}]


async def test_registering_into_an_organisation_tells_orgs(kit: ServiceKit) -> None:
    await kit.write(insert(KnownOrganisation).values(id=7))
    assert (await register(kit, organisation_id=7)).status_code == 200
    assert (await kit.published())[0]["organisation_id"] == 7


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"username": "  "}, "Missing fields"),
        ({"email": " "}, "Missing fields"),
        ({"password": ""}, "Missing fields"),
        ({"username": "", "password": "short"}, "Missing fields"),
        ({"password": "seven77"}, "Password too short"),
        ({"password": "password"}, "Password too common"),
        ({"password": "PassWord123"}, "Password too common"),
        ({"username": "lovelace1815", "password": "Lovelace1815"}, "Password too common"),
        ({"password": "ada@example.org"}, "Password too common"),
        ({"username": "taken"}, "Username already exists"),
        ({"username": "taken", "email": "TAKEN@example.org"}, "Username already exists"),
        ({"email": "TAKEN@example.org"}, "Email already exists"),
        ({"email": "taken@example.org", "organisation_id": 99}, "Email already exists"),
        ({"organisation_id": 99}, "Organisation not found"),
        ({"organisation_id": -1}, "Organisation not found"),
    ],
)
async def test_each_refusal_has_its_text_and_leaves_no_account(
    kit: ServiceKit, people: People, changes: dict[str, Any], detail: str
) -> None:
    await people.account(username="taken", email="taken@example.org")
    response = await register(kit, **changes)
    assert (response.status_code, response.json()) == (400, {"detail": detail})
    assert len(await kit.read("SELECT id FROM users")) == 1
    assert len(await kit.published()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "a" * 151},
        {"email": "a" * 256},
        {"full_name": "a" * 256},
        {"password": "a" * 129},
        {"username": "a\x00"},
        {"email": "a\x00@b"},
        {"organisation_id": 2**63},
        {"organisation_id": "seven"},
        {"username": None},
        {"password": 12345678},
        {"full_name": ["Ada"]},
    ],
)
async def test_what_does_not_fit_is_a_422(kit: ServiceKit, changes: dict[str, Any]) -> None:
    assert (await register(kit, **changes)).status_code == 422


async def test_spaces_around_do_not_count_as_length(kit: ServiceKit) -> None:
    assert (await register(kit, username=" " * 50 + "a" * 150 + " " * 50)).status_code == 200


async def test_a_password_of_128_characters_of_any_kind_is_taken(kit: ServiceKit, people: People) -> None:
    password = "🔑\x00é " * 32
    assert (await register(kit, password=password)).status_code == 200
    assert (await people.login("ada", password)).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "detail"),
    [
        ({"email": "one@example.org"}, {"email": "two@example.org"}, "Username already exists"),
        ({"username": "one"}, {"username": "two", "email": "ADA@EXAMPLE.ORG"}, "Email already exists"),
    ],
)
async def test_two_at_once_end_as_one_after_the_other(
    kit: ServiceKit, one: dict[str, Any], other: dict[str, Any], detail: str
) -> None:
    answers = await asyncio.gather(register(kit, **one), register(kit, **other))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert {"detail": detail} in [answer.json() for answer in answers]
    assert len(await kit.read("SELECT id FROM users")) == 1


async def test_a_commit_that_fails_stores_and_publishes_nothing(kit: ServiceKit) -> None:
    async with kit.failing_commits("users"):
        assert (await register(kit)).status_code >= 500
    assert await kit.read("SELECT id FROM users") == []
    assert await kit.published() == []


async def test_the_same_key_registers_once(kit: ServiceKit) -> None:
    key = {"Idempotency-Key": "k1"}
    answers = [await register(kit, key), await register(kit, key)]
    assert [answer.json() for answer in answers] == [{"detail": "created"}] * 2
    other = await register(kit, key, username="ben")
    assert other.status_code == 422
    assert len(await kit.read("SELECT id FROM users")) == 1
