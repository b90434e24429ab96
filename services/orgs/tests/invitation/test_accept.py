"""Accepting (contract 5.14, X1 to X4)."""

from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_orgs.testing.accounts import Accounts
from quill_orgs.testing.invitations import PATIENT, Accept, Invite, send
from sqlalchemy import text

GRANTS = "SELECT user_id, patient_id, granted_by_user_id, revoked_at, access_level FROM external_patient_access"
GRANTED = "quill.orgs.access.granted.v1"
INVALID = (400, {"detail": "Invalid or expired invite token"})


def said(status: str, user_id: int) -> tuple[int, Any]:
    return 200, {"status": status, "user_id": user_id}


async def revoke(admin: Person, user_id: int) -> None:
    response = await admin.client.delete(f"/api/patients/{PATIENT}/external-access/{user_id}")
    assert (response.status_code, response.json()) == (200, {"status": "revoked"})


async def test_an_existing_account_gets_a_grant_from_who_invited(
    kit: ServiceKit, patient: Person, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await accounts.add(500, "gp@example.org", level="staff")
    token = await invite()
    assert await accept(token, None, None) == said("access_granted", 500)
    row = {"user_id": 500, "patient_id": PATIENT, "revoked_at": None, "access_level": "full"}
    assert await kit.read(GRANTS) == [{**row, "granted_by_user_id": patient.id}]
    assert await kit.published(GRANTED) == [{"user_id": 500, "patient_id": PATIENT}]
    assert await kit.read("SELECT user_id, patient_id FROM access_grant") == [{"user_id": 500, "patient_id": PATIENT}]


async def test_without_an_account_one_is_made(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite(user_type="patient_advocate")
    [row] = await kit.read("SELECT id FROM invitation")
    assert await accept(token, " gp ", "a quiet Tuesday") == said("registered", 1000)
    assert accounts.asked == [
        {
            "invitation_id": str(row["id"]),
            "email": "Gp@Example.org",
            "user_type": "patient_advocate",
            "username": "gp",
            "password": "a quiet Tuesday",
        }
    ]
    assert len(await kit.read(GRANTS)) == 1


async def test_the_same_link_again_gives_the_same_answer_and_changes_nothing(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite()
    assert await accept(token) == said("registered", 1000)
    both = ("SELECT * FROM external_patient_access", "SELECT * FROM invitation")
    before = [await kit.read(table) for table in both]
    assert await accept(token, None, None) == said("registered", 1000)
    assert await accept(token, "another", "x") == said("registered", 1000)
    assert [await kit.read(table) for table in both] == before
    assert len(await kit.published(GRANTED)) == len(accounts.asked) == 1


async def test_another_link_for_a_live_grant_changes_nothing(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await accounts.add(500, "gp@example.org")
    assert await accept(await invite()) == said("access_granted", 500)
    before = await kit.read("SELECT * FROM external_patient_access")
    assert await accept(await invite("GP@EXAMPLE.ORG", by=await kit.admin())) == said("access_granted", 500)
    assert await kit.read("SELECT * FROM external_patient_access") == before
    assert len(await kit.published(GRANTED)) == 1


async def test_a_revoked_grant_lives_again_by_a_later_invitation_only(
    kit: ServiceKit, admin: Person, patient: Person, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await accounts.add(500, "gp@example.org")
    used, unused = await invite(), await invite()
    assert await accept(used) == said("access_granted", 500)
    [first] = await kit.read("SELECT granted_at FROM external_patient_access")
    await revoke(admin, 500)
    for _ in range(2):
        assert await accept(used) == await accept(unused) == INVALID
    assert await kit.read("SELECT * FROM access_grant") == []
    later = await invite(by=admin)
    assert await accept(later) == said("access_granted", 500)
    assert await accept(used) == said("access_granted", 500)  # live again, and it changes nothing
    [row] = await kit.read("SELECT * FROM external_patient_access")
    assert (row["revoked_at"], row["revoked_by_user_id"], row["granted_by_user_id"]) == (None, None, admin.id)
    assert row["granted_at"] > first["granted_at"]
    assert len(await kit.published(GRANTED)) == 2
    await revoke(admin, 500)
    for token in (used, unused, later):
        assert await accept(token) == INVALID


async def test_a_link_belongs_to_who_accepted_it_first(
    kit: ServiceKit, admin: Person, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await accounts.add(500, "gp@example.org")
    token = await invite()
    await accept(token)
    await revoke(admin, 500)
    del accounts.by_address["gp@example.org"]  # an administrator has changed the address
    assert await accept(token) == INVALID
    assert len(accounts.asked) == 1
    assert len(await kit.read(GRANTS)) == 1


async def test_an_account_that_is_switched_off_gets_nothing(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await accounts.add(500, "gp@example.org", is_active=False)
    assert await accept(await invite()) == INVALID
    assert await kit.read(GRANTS) == await kit.published() == []


async def test_a_repeat_for_an_account_that_was_switched_off_is_refused(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite()
    assert await accept(token) == said("registered", 1000)
    await kit.write(text("UPDATE access_user SET is_active = false WHERE id = 1000"))
    assert await accept(token) == INVALID


async def test_an_invitation_of_someone_who_could_invite_stands(
    kit: ServiceKit, admin: Person, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await accounts.add(500, "gp@example.org")
    token = await invite(by=admin)
    await kit.write(
        text("UPDATE access_user SET level = 'patient', is_active = false WHERE id = :id"), {"id": admin.id}
    )
    assert await accept(token) == said("access_granted", 500)


async def test_one_account_may_be_invited_by_two_patients(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await kit.patient("p-2")
    tokens = [await invite(), await invite(by=await kit.admin(), about="p-2")]
    assert [(await accept(token))[0] for token in tokens] == [200, 200]
    assert {row["patient_id"] for row in await kit.read(GRANTS)} == {PATIENT, "p-2"}


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (400, "Password must be at least 8 characters"),
        (400, "Password too common"),
        (409, "Username already taken"),
        (422, "username and password required for new registration"),
    ],
)
async def test_what_auth_refuses_is_refused_in_its_words(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept, status: int, detail: str
) -> None:
    token = await invite()
    accounts.status, accounts.body = status, b'{"detail": "%s"}' % detail.encode()
    assert await accept(token) == (status, {"detail": detail})
    assert await kit.read(GRANTS) == []
    accounts.status = 200
    assert (await accept(token))[0] == 200


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "token"),
        ({"token": None}, "token"),
        ({"token": "x", "email": "x@example.org"}, "email"),
        ({"token": "x", "username": "a" * 151}, "username"),
        ({"token": "x", "username": "a\x00"}, "username"),
        ({"token": "x", "password": "a" * 129}, "password"),
        ({"token": "x", "password": 7}, "password"),
    ],
)
async def test_what_is_no_such_body_is_a_422(kit: ServiceKit, body: dict[str, Any], place: str) -> None:
    response = await kit.anonymous.post("/api/accept-invite", json=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", place]


async def test_blank_name_and_password_are_none(accounts: Accounts, invite: Invite, accept: Accept) -> None:
    token = await invite()
    accounts.status, accounts.body = 422, b'{"detail": "username and password required for new registration"}'
    await accept(token, "  ", "")
    assert (accounts.asked[0]["username"], accounts.asked[0]["password"]) == ("", "")


async def test_it_works_without_clinical_services(
    accounts: Accounts, invite: Invite, accept: Accept, kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await invite()
    monkeypatch.setattr(kit.parts.settings, "clinical_services_enabled", False)
    assert (await accept(token))[0] == 200


async def test_nobody_is_signed_in(kit: ServiceKit, accounts: Accounts, invite: Invite) -> None:
    response = await send(kit.anonymous, await invite())
    assert response.status_code == 200
    assert "set-cookie" not in response.headers


async def test_acceptance_and_refusal_are_on_record(
    kit: ServiceKit, admin: Person, patient: Person, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite()
    [row] = await kit.read("SELECT id FROM invitation")
    about = {"patient_id": PATIENT, "target": f"invitation/{row['id']}"}
    details = {"registered": True, "granted_by": patient.id}
    await accept(token)
    await accept(token)
    await revoke(admin, 1000)
    await accept(token)
    await accept("not a token")
    acts = [entry for entry in await kit.audited() if entry["action"] == "invitation.accept"]
    assert all(entry["actor_id"] is None and entry["address"] == "127.0.0.1" for entry in acts)
    fields = ("outcome", "patient_id", "target", "subject_user_id", "details")
    named = {"subject_user_id": 1000, **about}
    assert [{name: entry[name] for name in fields} for entry in acts] == [
        {"outcome": "success", **named, "details": details},
        {"outcome": "success", **named, "details": {**details, "unchanged": True}},
        {"outcome": "refused", **named, "details": {"status": 400}},
        {**dict.fromkeys(fields), "outcome": "refused", "details": {"status": 400}},
    ]


async def test_who_has_not_heard_of_the_account_is_named(kit: ServiceKit, accounts: Accounts, invite: Invite) -> None:
    token = await invite()
    accounts.pending = "letters,messaging"
    response = await send(kit.anonymous, token)
    assert response.headers["X-Quill-Pending"] == "letters,messaging"


async def test_auth_is_asked_as_orgs_under_the_same_request_id(
    kit: ServiceKit, accounts: Accounts, invite: Invite
) -> None:
    body = {"token": await invite(), "username": "gp", "password": "a quiet Tuesday"}
    await kit.anonymous.post("/api/accept-invite", json=body, headers={"X-Request-ID": "r-1"})
    assert accounts.headers[0]["X-Request-ID"] == "r-1"
    assert accounts.headers[0]["Authorization"].startswith("Bearer ")


async def test_nobody_gets_access_to_a_patient_that_was_deleted(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    """Neither a grant nor an account is made; a patient that comes back has its links again."""
    token = await invite()
    await kit.write(text("DELETE FROM access_patient"))
    assert await accept(token) == INVALID
    assert await kit.read(GRANTS) == await kit.published() == accounts.asked == []
    await kit.patient(PATIENT)
    assert await accept(token) == said("registered", 1000)
