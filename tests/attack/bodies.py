"""A good request for every operation that takes a JSON body, each on something of its own."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from attack.second_factor import enabled, pending
from quill_operator.visitor import Visitor
from system.ward import PASSWORD, Ward, account, good, invite, organisation, patient


@dataclass(frozen=True)
class Good:
    """A request that its sender may make and that would succeed."""

    sender: Visitor
    method: str
    path: str
    body: dict[str, Any]


Make = Callable[[Ward], Awaitable[Good]]


async def _login(w: Ward) -> Good:
    _, name = await account(w.admin)
    return Good(_stranger(w), "POST", "/api/auth/login", {"username": name, "password": PASSWORD})


async def _register(w: Ward) -> Good:
    name = f"r{secrets.token_hex(6)}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    return Good(_stranger(w), "POST", "/api/auth/register", body)


async def _forgot_password(w: Ward) -> Good:
    _, name = await account(w.admin)
    return Good(_stranger(w), "POST", "/api/auth/forgot-password", {"email": f"{name}@example.org"})


async def _reset_password(w: Ward) -> Good:
    user_id, _ = await account(w.admin)
    token = secrets.token_urlsafe(32)
    await w.system.query(
        "INSERT INTO auth.password_reset (token_hash, user_id, expires_at) VALUES ($1, $2, now() + interval '1 hour')",
        *(hashlib.sha256(token.encode()).digest(), user_id),
    )
    return Good(_stranger(w), "POST", "/api/auth/reset-password", {"token": token, "new_password": PASSWORD[::-1]})


async def _change_password(w: Ward) -> Good:
    _, name = await account(w.admin)
    somebody = await w.system.visitor(name, PASSWORD)
    body = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
    return Good(somebody, "POST", "/api/auth/change-password", body)


async def _verify_totp(w: Ward) -> Good:
    device = await pending(w)
    return Good(device.visitor, "POST", "/api/auth/totp/verify", {"code": device.code(0)})


async def _create_recovery_codes(w: Ward) -> Good:
    device = await enabled(w)
    return Good(device.visitor, "POST", "/api/auth/totp/recovery-codes", {"code": device.code(1)})


async def _create_user(w: Ward) -> Good:
    name = f"n{secrets.token_hex(6)}"
    return Good(w.admin, "POST", "/api/users", {"name": name, "email": f"{name}@example.org", "password": PASSWORD})


async def _update_user(w: Ward) -> Good:
    user_id, _ = await account(w.admin)
    return Good(w.admin, "PATCH", f"/api/users/{user_id}", {"name": "Another Name"})


async def _link_patient(w: Ward) -> Good:
    user_id, _ = await account(w.admin, "patient", "patient")
    body = {"fhir_patient_id": await patient(w.admin)}
    return Good(w.admin, "PATCH", f"/api/users/{user_id}/link-patient", body)


async def _my_competencies(w: Ward) -> Good:
    _, name = await account(w.admin, "admin", "patient")
    admin = await w.system.visitor(name, PASSWORD)
    return Good(admin, "PATCH", "/api/cbac/my-competencies", {"additional_competencies": ["interpret_ecg"]})


async def _create_organisation(w: Ward) -> Good:
    return Good(w.admin, "POST", "/api/organizations", {"name": "Night Ward", "type": "department"})


async def _update_organisation(w: Ward) -> Good:
    return Good(w.admin, "PUT", f"/api/organizations/{await organisation(w.admin)}", {"location": "East wing"})


async def _add_staff(w: Ward) -> Good:
    user_id, _ = await account(w.admin)
    return Good(w.admin, "POST", f"/api/organizations/{w.organisation}/staff", {"user_id": user_id})


async def _add_patient(w: Ward) -> Good:
    body = {"patient_id": await patient(w.admin)}
    return Good(w.admin, "POST", f"/api/organizations/{w.organisation}/patients", body)


async def _set_feature(w: Ward) -> Good:
    path = f"/api/organizations/{await organisation(w.admin)}/features/epr"
    return Good(w.admin, "PUT", path, {"enabled": True})


async def _invite_external(w: Ward) -> Good:
    body = {"email": f"{secrets.token_hex(6)}@example.org", "user_type": "external_hcp"}
    return Good(w.admin, "POST", f"/api/patients/{await patient(w.admin)}/invite-external", body)


async def _accept_invite(w: Ward) -> Good:
    name = f"x{secrets.token_hex(6)}"
    token = await invite(w.admin, await patient(w.admin), f"{name}@example.org")
    return Good(_stranger(w), "POST", "/api/accept-invite", {"token": token, "username": name, "password": PASSWORD})


async def _create_patient(w: Ward) -> Good:
    return Good(w.admin, "POST", "/api/patients", {"given_name": "Ada", "family_name": "Byron", "gender": "female"})


async def _update_patient(w: Ward) -> Good:
    patient_id = await patient(w.admin)
    return Good(w.admin, "PATCH", f"/api/patients/{patient_id}", {"mrn": "M-1"})


async def _update_demographics(w: Ward) -> Good:
    patient_id = await patient(w.admin, w.organisation)
    body = {"contact": {"phone": "0113 496 0000"}}
    return Good(w.clinician, "PUT", f"/api/patients/{patient_id}/demographics", body)


async def _prescribe(w: Ward) -> Good:
    body = {"patient_id": w.patient_id, "medication": "Morphine sulfate", "dose": "10 mg", "duration_days": 7}
    return Good(w.clinician, "POST", "/api/prescriptions/controlled", body)


async def _write_letter(w: Ward) -> Good:
    patient_id = await patient(w.admin, w.organisation)
    return Good(w.clinician, "POST", f"/api/patients/{patient_id}/letters", {"title": "Clinic", "body": "# Clinic"})


async def _create_conversation(w: Ward) -> Good:
    body = {"patient_id": w.patient_id, "initial_message": "May I ask something?"}
    return Good(w.clinician, "POST", "/api/conversations", body)


async def _set_status(w: Ward) -> Good:
    return Good(w.clinician, "PATCH", await _thread(w), {"status": "resolved"})


async def _send_message(w: Ward) -> Good:
    return Good(w.clinician, "POST", f"{await _thread(w)}/messages", {"body": "The dose was 5 mg."})


async def _add_participant(w: Ward) -> Good:
    user_id, _ = await account(w.admin)
    return Good(w.clinician, "POST", f"{await _thread(w)}/participants", {"user_id": user_id})


async def _thread(w: Ward) -> str:
    """The path of a new conversation."""
    begin = await _create_conversation(w)
    made = await good(await begin.sender.call(begin.method, begin.path, begin.body))
    return f"/api/conversations/{made['id']}"


def _stranger(w: Ward) -> Visitor:
    """Somebody who is not signed in."""
    return w.system.stranger()


BODIES: dict[str, Make] = {
    "login": _login,
    "register": _register,
    "forgotPassword": _forgot_password,
    "resetPassword": _reset_password,
    "changePassword": _change_password,
    "verifyTotp": _verify_totp,
    "createRecoveryCodes": _create_recovery_codes,
    "createUser": _create_user,
    "updateUser": _update_user,
    "linkPatient": _link_patient,
    "updateMyCompetencies": _my_competencies,
    "createOrganization": _create_organisation,
    "updateOrganization": _update_organisation,
    "addStaff": _add_staff,
    "addOrganizationPatient": _add_patient,
    "setFeature": _set_feature,
    "inviteExternal": _invite_external,
    "acceptInvite": _accept_invite,
    "createPatient": _create_patient,
    "updatePatient": _update_patient,
    "updateDemographics": _update_demographics,
    "prescribeControlled": _prescribe,
    "writeLetter": _write_letter,
    "createConversation": _create_conversation,
    "setConversationStatus": _set_status,
    "sendMessage": _send_message,
    "addParticipant": _add_participant,
}
