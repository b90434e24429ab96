"""The account of who accepts an invitation (contract 5.14, X4)."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from quill_auth.testing.people import PASSWORD, People
from quill_common.testing.kit import ServiceKit
from quill_common.testing.on_record import acts_of_service
from sqlalchemy import text

PATH = "/internal/invited-accounts"
CREATED = "quill.auth.user.created.v1"
ROWS = "SELECT username, email, system_permissions, base_profession, invitation_id FROM users ORDER BY id"
AT_ONCE = 20


async def ask(kit: ServiceKit, invitation_id: uuid.UUID | None = None, **changes: Any) -> httpx.Response:
    body = {
        "invitation_id": str(invitation_id or uuid.uuid4()),
        "email": "Gp@Example.org",
        "user_type": "external_hcp",
        "username": "gp",
        "password": PASSWORD,
    }
    return await kit.service("orgs").post(PATH, json={**body, **changes})


def found(user_id: int, *, registered: bool = False, is_active: bool = True) -> dict[str, object]:
    return {"user_id": user_id, "registered": registered, "is_active": is_active}


@pytest.mark.parametrize("level", ["external_hcp", "patient_advocate"])
async def test_a_new_account_has_the_level_of_the_invitation_and_nothing_more(
    kit: ServiceKit, people: People, level: str
) -> None:
    number = uuid.uuid4()
    response = await ask(kit, number, user_type=level)
    assert (response.status_code, response.json()) == (200, found(1, registered=True))
    assert await kit.read(ROWS) == [
        {
            "username": "gp",
            "email": "Gp@Example.org",
            "system_permissions": level,
            "base_profession": "patient",
            "invitation_id": number,
        }
    ]
    [event] = await kit.published()
    assert (event["level"], event["roles"], event["organisation_id"], event["patient_id"]) == (level, [], None, None)
    assert (await people.login("gp", PASSWORD)).status_code == 200


async def test_without_clinical_services_it_is_a_patient_too(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit.app.state.auth.settings, "clinical_services_enabled", False)
    await ask(kit)
    assert (await kit.read("SELECT base_profession FROM users")) == [{"base_profession": "patient"}]


async def test_an_account_of_the_address_is_found_whatever_its_case_and_left_alone(
    kit: ServiceKit, people: People
) -> None:
    user_id, _ = await people.account("staff", email="gP@eXample.ORG")
    before = await kit.read("SELECT * FROM users"), await kit.published()
    changes: dict[str, Any]
    tries: tuple[dict[str, Any], ...] = ({}, {"username": "", "password": ""}, {"username": "x", "password": "short"})
    for changes in tries:
        response = await ask(kit, **changes)
        assert (response.status_code, response.json()) == (200, found(user_id))
    assert (await kit.read("SELECT * FROM users"), await kit.published()) == before


async def test_an_account_that_is_switched_off_is_told_to_be(kit: ServiceKit, people: People) -> None:
    user_id, _ = await people.account("patient", email="gp@example.org", is_active=False)
    assert (await ask(kit)).json() == found(user_id, is_active=False)


async def test_the_same_invitation_finds_what_it_made_whatever_changed_since(kit: ServiceKit) -> None:
    number = uuid.uuid4()
    assert (await ask(kit, number)).json() == found(1, registered=True)
    assert (await ask(kit, number, username="", password="")).json() == found(1, registered=True)
    assert (await ask(kit)).json() == found(1)
    await kit.write(text("UPDATE users SET email = 'moved@example.org', username = 'moved'"))
    assert (await ask(kit)).json() == found(2, registered=True)
    assert (await ask(kit, number)).json() == found(1, registered=True)
    assert len(await kit.published(CREATED)) == 2


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"username": ""}, 422, "username and password required for new registration"),
        ({"username": "  "}, 422, "username and password required for new registration"),
        ({"password": ""}, 422, "username and password required for new registration"),
        ({"password": "seven77"}, 400, "Password must be at least 8 characters"),
        ({"password": "qwerty123"}, 400, "Password too common"),
        ({"username": "lovelace1815", "password": "Lovelace1815"}, 400, "Password too common"),
        ({"username": "taken"}, 409, "Username already taken"),
    ],
)
async def test_what_cannot_be_registered_is_refused(
    kit: ServiceKit, people: People, changes: dict[str, Any], status: int, detail: str
) -> None:
    await people.account("staff", username="taken")
    response = await ask(kit, **changes)
    assert (response.status_code, response.json()) == (status, {"detail": detail})
    assert len(await kit.read(ROWS)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"invitation_id": "7"},
        {"email": " "},
        {"email": "a" * 256},
        {"user_type": "staff"},
        {"user_type": "superadmin"},
        {"username": "a" * 151},
        {"password": "a" * 129},
    ],
)
async def test_what_no_invitation_says_is_a_422(kit: ServiceKit, changes: dict[str, Any]) -> None:
    assert (await ask(kit, **changes)).status_code == 422
    assert await kit.read(ROWS) == []


async def test_of_many_at_once_one_makes_the_account(kit: ServiceKit) -> None:
    number = uuid.uuid4()
    answers = await asyncio.gather(*(ask(kit, number) for _ in range(AT_ONCE)))
    assert [answer.json() for answer in answers] == [found(1, registered=True)] * AT_ONCE
    assert len(await kit.read(ROWS)) == len(await kit.published(CREATED)) == 1


async def test_of_many_invitations_of_one_address_at_once_one_makes_the_account(kit: ServiceKit) -> None:
    answers = await asyncio.gather(*(ask(kit, username=f"gp{each}") for each in range(AT_ONCE)))
    [row] = await kit.read("SELECT id FROM users")
    assert sorted(str(answer.json()) for answer in answers) == sorted(
        [str(found(row["id"], registered=True)), *[str(found(row["id"]))] * (AT_ONCE - 1)]
    )


async def test_of_many_who_want_one_name_at_once_one_gets_it(kit: ServiceKit) -> None:
    answers = await asyncio.gather(*(ask(kit, email=f"gp{each}@example.org") for each in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await kit.read(ROWS)) == 1


async def test_only_orgs_may_ask(kit: ServiceKit, people: People) -> None:
    body = {"invitation_id": str(uuid.uuid4()), "email": "a@example.org", "user_type": "external_hcp"}
    _, username = await people.account("superadmin")
    admin = await people.sign_in(username)
    for client, status in (
        (kit.anonymous, 401),
        (admin.client, 401),
        *((kit.service(name), 403) for name in ("operator", "gateway", "patients", "letters", "messaging")),
    ):
        assert (await client.post(PATH, json=body)).status_code == status


async def test_what_was_made_is_on_record_and_what_was_found_is_not(kit: ServiceKit) -> None:
    await ask(kit)
    await ask(kit)
    rights = {"level": "external_hcp", "roles": [], "base_profession": "patient", "high_risk": []}
    assert await acts_of_service(kit, "orgs") == [{"action": "user.create", "subject_user_id": 1, "details": rights}]


async def test_a_failing_commit_makes_and_publishes_nothing(kit: ServiceKit) -> None:
    number = uuid.uuid4()
    for table in ("users", "outbox"):
        async with kit.failing_commits(table):
            assert (await ask(kit, number)).status_code == 503
        assert await kit.read(ROWS) == await kit.published() == []
    assert (await ask(kit, number)).json()["registered"] is True
    assert len(await kit.read(ROWS)) == len(await kit.published(CREATED)) == 1
