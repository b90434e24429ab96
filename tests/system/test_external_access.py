"""People outside the organisations: invited, let in, put out, through the whole system (contract 5.13 to 5.16)."""

import asyncio
import secrets
import uuid
from typing import Any

import httpx
import jwt
import pytest
from quill_common.identity.service_tokens import ServiceTokens
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import PASSWORD, Ward, account, good, grant, invite, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(300)]

INVALID = (400, {"detail": "Invalid or expired invite token"})
ROUNDS = 20
AT_ONCE = 20


async def _accept(visitor: Visitor, token: str, name: str | None = None) -> httpx.Response:
    body = {"token": token, "username": name, "password": PASSWORD}
    return await visitor.call("POST", "/api/accept-invite", body)


async def _linked_patient(w: Ward) -> Visitor:
    """The patient of the ward, signed in."""
    user_id, name = await account(w.admin, "patient", "patient")
    await good(await w.admin.call("PATCH", f"/api/users/{user_id}/link-patient", {"fhir_patient_id": w.patient_id}))
    return await w.system.visitor(name, PASSWORD)


async def _sees(w: Ward, person: Visitor, conversation: int, expected: bool) -> None:
    """The record, letters, lists and the conversation, on a connection of the person's own."""
    about, thread = f"/api/patients/{w.patient_id}", f"/api/conversations/{conversation}"
    for path in (about, f"{about}/demographics", f"{about}/letters"):
        assert (await person.call("GET", path)).status_code == (200 if expected else 403), path
    for path in (thread, f"{thread}/participants"):
        assert (await person.call("GET", path)).status_code == (200 if expected else 404), path
    sent = await person.call("POST", f"{thread}/messages", {"body": "Thank you."})
    assert sent.status_code == (200 if expected else 404)
    for path, key, value in (
        ("/api/patients", "patients", w.patient_id),
        ("/api/conversations", "conversations", conversation),
    ):
        listed = (await good(await person.call("GET", path)))[key]
        assert [one["id"] for one in listed] == ([value] if expected else []), path


async def test_an_outsider_is_let_in_and_put_out(system: RunningSystem) -> None:
    w = await ward(system)
    patient = await _linked_patient(w)
    name = f"x{secrets.token_hex(6)}"
    token = await invite(patient, w.patient_id, f"{name}@Example.org", "external_hcp")
    accepted = await good(await _accept(system.stranger(), token, name))
    assert accepted == {"status": "registered", "user_id": accepted["user_id"]}
    person = await system.visitor(name, PASSWORD)
    profile = await good(await person.call("GET", "/api/auth/me"))
    assert (profile["system_permissions"], profile["roles"]) == ("external_hcp", [])
    body = {"patient_id": w.patient_id, "initial_message": "Welcome.", "participant_ids": [accepted["user_id"]]}
    conversation = (await good(await w.clinician.call("POST", "/api/conversations", body)))["id"]
    await _sees(w, person, conversation, True)
    [listed] = (await good(await patient.call("GET", f"/api/patients/{w.patient_id}/external-access")))["grants"]
    assert (listed["user_id"], listed["username"], listed["user_type"]) == (accepted["user_id"], name, "external_hcp")
    access = f"/api/patients/{w.patient_id}/external-access/{accepted['user_id']}"
    assert (await patient.call("DELETE", access)).status_code == 403
    assert await good(await w.admin.call("DELETE", access)) == {"status": "revoked"}
    await _sees(w, person, conversation, False)
    again = await _accept(system.stranger(), token)
    assert (again.status_code, again.json()) == INVALID
    later = await invite(patient, w.patient_id, f"{name}@example.org")
    assert (await good(await _accept(system.stranger(), later)))["status"] == "access_granted"
    await _sees(w, person, conversation, True)


async def _never_stale(system: RunningSystem) -> None:
    w = await ward(system)
    user_id, name = await account(w.admin, "external_hcp", "patient")
    person = await system.visitor(name, PASSWORD)
    begun = {"patient_id": w.patient_id, "initial_message": "Hello.", "participant_ids": []}
    conversation = (await good(await w.clinician.call("POST", "/api/conversations", begun)))["id"]
    await grant(w.admin, w.patient_id, name)
    await good(await w.clinician.call("POST", f"/api/conversations/{conversation}/participants", {"user_id": user_id}))
    for _ in range(ROUNDS):
        await _sees(w, person, conversation, True)
        await good(await w.admin.call("DELETE", f"/api/patients/{w.patient_id}/external-access/{user_id}"))
        await _sees(w, person, conversation, False)
        await grant(w.admin, w.patient_id, name)


async def test_what_was_granted_and_revoked_is_so_at_once_without_a_broker(system: RunningSystem) -> None:
    await _never_stale(system)


@pytest.mark.broker
async def test_what_was_granted_and_revoked_is_so_at_once_with_a_broker(brokered: RunningSystem) -> None:
    await _never_stale(brokered)


async def test_of_many_acceptances_at_once_one_account_and_one_grant_come(system: RunningSystem) -> None:
    w = await ward(system)
    name = f"x{secrets.token_hex(6)}"
    tokens = [await invite(w.admin, w.patient_id, f"{name}@example.org") for _ in range(2)]
    strangers = [system.stranger() for _ in range(AT_ONCE)]
    one = [_accept(stranger, tokens[0], name) for stranger in strangers]
    other = [_accept(stranger, tokens[1], f"{name}b") for stranger in strangers]
    answers = [await good(answer) for answer in await asyncio.gather(*one, *other)]
    assert len({answer["user_id"] for answer in answers}) == 1
    assert {answer["status"] for answer in answers[:AT_ONCE]} != {answer["status"] for answer in answers[AT_ONCE:]}
    await _stands_once(w, f"{name}@example.org", answers[0]["user_id"])


async def test_what_a_crash_between_account_and_grant_left_is_completed(system: RunningSystem) -> None:
    w = await ward(system)
    name = f"x{secrets.token_hex(6)}"
    token = await invite(w.admin, w.patient_id, f"{name}@example.org")
    made = await _account_without_grant(system, token, name)
    assert await system.query("SELECT 1 FROM orgs.external_patient_access WHERE user_id = $1", made["user_id"]) == []
    repeated = await good(await _accept(system.stranger(), token, name))
    assert repeated == {"status": "registered", "user_id": made["user_id"]}
    await _stands_once(w, f"{name}@example.org", made["user_id"])


async def _account_without_grant(system: RunningSystem, token: str, name: str) -> Any:
    """What orgs does first; after it the process ends."""
    claims = jwt.decode(token, options={"verify_signature": False})
    body = {name: claims[name] for name in ("email", "user_type")} | {"username": name, "password": PASSWORD}
    keys = system.directory / "data" / "keys" / "services"
    async with httpx.AsyncClient(base_url=system.processes()["auth"]["url"], trust_env=False, timeout=60) as orgs:
        headers = ServiceTokens("orgs", keys / "orgs.pem").headers("auth")
        wanted = {**body, "invitation_id": str(uuid.UUID(claims["jti"]))}
        return await good(await orgs.post("/internal/invited-accounts", json=wanted, headers=headers))


@pytest.mark.parametrize("victim", ["orgs", "auth"])
async def test_acceptances_while_a_service_is_killed_leave_account_and_grant(
    system: RunningSystem, victim: str
) -> None:
    w = await ward(system)
    names = [f"x{secrets.token_hex(6)}" for _ in range(12)]
    tokens = [await invite(w.admin, w.patient_id, f"{name}@example.org") for name in names]

    async def until_accepted(token: str, name: str) -> dict[str, Any]:
        stranger = system.stranger()
        async with asyncio.timeout(120):
            while True:
                answer = await _accept(stranger, token, name)
                if answer.status_code == 200:
                    accepted: dict[str, Any] = answer.json()
                    return accepted
                assert answer.status_code in {502, 503}, answer.text
                assert answer.json() == {"detail": "Service temporarily unavailable"}
                assert int(answer.headers["Retry-After"]) > 0
                await asyncio.sleep(0.1)

    accepting = asyncio.gather(*(until_accepted(*each) for each in zip(tokens, names, strict=True)))
    old = system.kill(victim)
    accepted = await accepting
    await asyncio.to_thread(system.wait_until_replaced, victim, old, 120)
    for name, answer in zip(names, accepted, strict=True):
        assert answer["status"] == "registered"
        await _stands_once(w, f"{name}@example.org", answer["user_id"])


async def _stands_once(w: Ward, email: str, user_id: int) -> None:
    """One account, one live grant, in force in every service."""
    accounts = await w.system.query("SELECT id FROM auth.users WHERE lower(email) = $1", email)
    assert [row["id"] for row in accounts] == [user_id]
    grants = "SELECT revoked_at FROM orgs.external_patient_access WHERE user_id = $1 AND patient_id = $2"
    assert [row["revoked_at"] for row in await w.system.query(grants, *(user_id, w.patient_id))] == [None]
    told = "SELECT count(*) FROM orgs.outbox WHERE type = 'quill.orgs.access.granted.v1' AND subject = $1"
    assert (await w.system.query(told, f"patient/{w.patient_id}/access/{user_id}"))[0][0] == 1


async def test_the_trail_tells_who_let_whom_in(system: RunningSystem) -> None:
    w = await ward(system)
    user_id, name = await account(w.admin, "external_hcp", "consultant")
    await grant(w.admin, w.patient_id, name)
    await good(await w.admin.call("DELETE", f"/api/patients/{w.patient_id}/external-access/{user_id}"))
    trail = (await good(await w.admin.call("GET", f"/api/audit?patient_id={w.patient_id}")))["entries"]
    acts = {entry["action"]: entry for entry in trail if entry["service"] == "orgs"}
    admin_id = (await good(await w.admin.call("GET", "/api/auth/me")))["id"]
    assert acts["invitation.create"]["actor_id"] == admin_id
    accepted = acts["invitation.accept"]
    assert (accepted["actor_id"], accepted["subject_user_id"]) == (None, user_id)
    assert accepted["details"] == {"registered": False, "granted_by": admin_id}
    assert (acts["grant.revoke"]["actor_id"], acts["grant.revoke"]["subject_user_id"]) == (admin_id, user_id)
