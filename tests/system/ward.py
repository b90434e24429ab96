"""People and patients of a test, made through the public API."""

import secrets
from dataclasses import dataclass
from typing import Any

import httpx
from quill_operator.visitor import Visitor
from system.running import RunningSystem

PASSWORD = "a long enough password"


@dataclass
class Ward:
    """An organisation with an admin who can change it, a clinician in it and a patient of it."""

    system: RunningSystem
    admin: Visitor
    clinician: Visitor
    clinician_id: int
    organisation: int
    patient_id: str


async def good(answer: httpx.Response) -> Any:
    """The body of an answer that must be good and in force everywhere."""
    assert answer.status_code == 200, answer.text
    assert "x-quill-pending" not in answer.headers, answer.headers["x-quill-pending"]
    return answer.json()


async def account(admin: Visitor, level: str = "staff", profession: str = "consultant") -> tuple[int, str]:
    """A new account; its id and username."""
    name = f"u{secrets.token_hex(6)}"
    body = {
        "name": name,
        "username": name,
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "base_profession": profession,
        "system_permissions": level,
    }
    return int((await good(await admin.call("POST", "/api/users", body)))["id"]), name


async def organisation(admin: Visitor) -> int:
    body = {"name": f"Ward {secrets.token_hex(4)}", "type": "hospital_team"}
    return int((await good(await admin.call("POST", "/api/organizations", body)))["id"])


async def patient(admin: Visitor, *organisations: int) -> str:
    body = {"given_name": "Edith", "family_name": f"Marsh{secrets.token_hex(3)}"}
    patient_id: str = (await good(await admin.call("POST", "/api/patients", body)))["id"]
    for number in organisations:
        await good(await admin.call("POST", f"/api/organizations/{number}/patients", {"patient_id": patient_id}))
    return patient_id


async def invite(inviter: Visitor, patient_id: str, email: str, user_type: str = "external_hcp") -> str:
    """A link to the patient's record; its token."""
    body = {"email": email, "user_type": user_type}
    token: str = (await good(await inviter.call("POST", f"/api/patients/{patient_id}/invite-external", body)))["token"]
    return token


async def grant(admin: Visitor, patient_id: str, username: str) -> None:
    """Have somebody whom `account` made accept an invitation by the admin."""
    token = await invite(admin, patient_id, f"{username}@example.org")
    await good(await admin.call("POST", "/api/accept-invite", {"token": token}))


async def ward(system: RunningSystem) -> Ward:
    """A fresh ward."""
    admin = await system.visitor()
    number = await organisation(admin)
    user_id, username = await account(admin)
    await good(await admin.call("POST", f"/api/organizations/{number}/staff", {"user_id": user_id}))
    patient_id = await patient(admin, number)
    return Ward(system, admin, await system.visitor(username, PASSWORD), user_id, number, patient_id)
