"""Inviting (contract 5.13)."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_common.testing.on_record import acts_of, refused
from quill_orgs.testing.invitations import PATIENT, Invite

PATH = f"/api/patients/{PATIENT}/invite-external"
BODY = {"email": "gp@example.org", "user_type": "external_hcp"}


async def test_the_patient_and_admins_get_a_link(kit: ServiceKit, patient: Person) -> None:
    for inviter in (patient, await kit.admin(), await kit.person("superadmin")):
        response = await inviter.client.post(PATH, json={**BODY, "email": " Gp@Example.org "})
        assert response.status_code == 200, response.text
        answer = response.json()
        assert answer == {"invite_url": f"/app/accept-invite?token={answer['token']}", "token": answer["token"]}
        [row] = await kit.read("SELECT * FROM invitation WHERE inviter_id = :id", id=inviter.id)
        assert (row["patient_id"], row["email"], row["user_type"]) == (PATIENT, "Gp@Example.org", "external_hcp")
        claims = jwt.decode(answer["token"], options={"verify_signature": False})
        assert claims["jti"] == str(row["id"])
        said = {name: claims[name] for name in ("type", "patient_id", "email", "user_type", "inviter")}
        assert said == {
            "type": "invite",
            "patient_id": PATIENT,
            "email": "Gp@Example.org",
            "user_type": "external_hcp",
            "inviter": inviter.id,
        }
        assert claims["exp"] == int((row["created_at"] + timedelta(days=7)).timestamp())
    assert await kit.published() == await kit.read("SELECT 1 FROM external_patient_access") == []


@pytest.mark.parametrize("level", ["staff", "patient", "external_hcp", "patient_advocate", "root"])
async def test_nobody_else_invites_and_learns_who_is_a_patient(kit: ServiceKit, patient: Person, level: str) -> None:
    await kit.patient("p-2", 1)
    caller = await kit.person(level, roles=("Clinician",), organisations=(1,), patient_id="p-2")
    await kit.grant(caller, PATIENT)
    refusal = {"detail": "Only the patient or an admin can invite external users"}
    for about in (PATIENT, "unknown"):
        response = await caller.client.post(f"/api/patients/{about}/invite-external", json=BODY)
        assert (response.status_code, response.json()) == (403, refusal)
    assert await kit.read("SELECT 1 FROM invitation") == []
    assert await acts_of(kit, caller) == [
        refused("invitation.create", 403, patient_id=about, details={"user_type": "external_hcp"})
        for about in (PATIENT, "unknown")
    ]


async def test_an_unknown_patient_is_not_found_by_who_might_invite(kit: ServiceKit) -> None:
    ghost = await kit.person("patient", patient_id="ghost")
    for caller in (await kit.admin(), ghost):
        response = await caller.client.post("/api/patients/ghost/invite-external", json=BODY)
        assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})


NO_ADDRESSES = [
    *(None, 7, "", " ", "gp", "gp@", "@example.org", "gp@example", "g p@example.org", "gp@exa mple.org", "a@b@c.org"),
    *("gp@.org", "gp@example.", "gp@a..org", "gp\n@example.org", "gp@example.org\x00", f"{'a' * 250}@b.org"),
]


@pytest.mark.parametrize("email", NO_ADDRESSES)
async def test_what_does_not_look_like_an_address_is_a_422(kit: ServiceKit, patient: Person, email: object) -> None:
    response = await patient.client.post(PATH, json={**BODY, "email": email})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "email"]
    assert await kit.read("SELECT 1 FROM invitation") == []


@pytest.mark.parametrize("change", [{"user_type": "staff"}, {"user_type": ""}, {"user_type": None}, {"inviter": 7}])
async def test_other_bodies_are_a_422(patient: Person, change: dict[str, object]) -> None:
    assert (await patient.client.post(PATH, json={**BODY, **change})).status_code == 422


async def test_the_same_key_gives_the_same_link(kit: ServiceKit, patient: Person) -> None:
    first, second = [await patient.client.post(PATH, json=BODY, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert first.json() == second.json()
    assert len(await kit.read("SELECT 1 FROM invitation")) == 1


async def test_an_invitation_is_on_record_without_the_address(kit: ServiceKit, patient: Person, invite: Invite) -> None:
    await invite()
    [row] = await kit.read("SELECT id FROM invitation")
    assert await acts_of(kit, patient) == [
        {
            "action": "invitation.create",
            "patient_id": PATIENT,
            "target": f"invitation/{row['id']}",
            "details": {"user_type": "external_hcp"},
        }
    ]


async def test_no_link_leaves_whose_invitation_was_not_stored(kit: ServiceKit, patient: Person) -> None:
    for table in ("invitation", "audit_entry"):
        async with kit.failing_commits(table):
            response = await patient.client.post(PATH, json=BODY)
        assert (response.status_code, b"token" in response.content) == (503, False)
    assert await kit.read("SELECT 1 FROM invitation") == []


async def test_without_clinical_services_nobody_is_invited(patient: Person, clinical_off: None) -> None:
    assert (await patient.client.post(PATH, json=BODY)).status_code == 503


async def test_it_was_issued_by_the_clock_of_the_database(kit: ServiceKit, invite: Invite) -> None:
    await invite()
    [row] = await kit.read("SELECT created_at, clock_timestamp() AS now FROM invitation")
    assert row["created_at"] < row["now"]
    assert datetime.now(UTC) - row["created_at"] < timedelta(minutes=10)
