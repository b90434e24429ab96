"""Load the demo. Loading it again adds only what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quill_operator.demo import people
from quill_operator.demo.client import Person


@dataclass(frozen=True)
class SignIn:
    """With what a demo person signs in, and who they are."""

    username: str
    password: str
    who: str


async def load(base_url: str, admin_username: str, admin_password: str, demo_password: str) -> None:
    """Load everything as an administrator and as the demo's consultant. Raises DemoError."""
    async with Person(base_url) as admin:
        await admin.enter(admin_username, admin_password)
        organisations = await _organisations(admin)
        accounts = await _accounts(admin, demo_password)
        await _staff(admin, organisations, accounts)
        await _patients(admin, organisations, accounts)
    async with Person(base_url) as writer:
        await writer.enter(people.WRITER, demo_password)
        await _letters(writer)
        await _conversation(writer)


def sign_ins(admin_username: str, admin_password: str, demo_password: str) -> list[SignIn]:
    """Everyone who can sign in once the demo is loaded."""
    staff = [SignIn(member.username, demo_password, f"{member.name}, {member.profession}") for member in people.STAFF]
    patients = [
        SignIn(patient.username, demo_password, f"{patient.given_name} {patient.family_name}, patient")
        for patient in people.PATIENTS
    ]
    return [SignIn(admin_username, admin_password, "administrator"), *staff, *patients]


async def _organisations(admin: Person) -> list[int]:
    existing = await admin.read("/api/organizations")
    by_name = {entry["name"]: int(entry["id"]) for entry in existing["organizations"]}
    ids = []
    for wanted in people.ORGANISATIONS:
        if wanted.name not in by_name:
            body = {"name": wanted.name, "type": wanted.type, "location": wanted.location}
            by_name[wanted.name] = int((await admin.send("POST", "/api/organizations", body))["id"])
        ids.append(by_name[wanted.name])
    return ids


async def _accounts(admin: Person, password: str) -> dict[str, int]:
    """The account number of every demo person, by username."""
    existing = await _all_users(admin)
    staff = [(member.username, member.name, member.level, member.profession) for member in people.STAFF]
    patients = [
        (patient.username, f"{patient.given_name} {patient.family_name}", "patient", "patient")
        for patient in people.PATIENTS
    ]
    for username, name, level, profession in (*staff, *patients):
        if username in existing:
            continue
        body = {
            "name": name,
            "username": username,
            "email": f"{username}@quill.example",
            "password": password,
            "base_profession": profession,
            "system_permissions": level,
        }
        existing[username] = int((await admin.send("POST", "/api/users", body))["id"])
    return existing


async def _all_users(admin: Person) -> dict[str, int]:
    found: dict[str, int] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = await admin.read("/api/users", limit="1000", **({"cursor": cursor} if cursor else {}))
        found.update({entry["username"]: int(entry["id"]) for entry in page["users"]})
        cursor = page.get("next_cursor")
    return found


async def _staff(admin: Person, organisations: Sequence[int], accounts: dict[str, int]) -> None:
    for member in people.STAFF:
        for index in member.organisations:
            path = f"/api/organizations/{organisations[index]}/staff"
            await admin.send("POST", path, {"user_id": accounts[member.username]}, already=409)


async def _patients(admin: Person, organisations: Sequence[int], accounts: dict[str, int]) -> None:
    for patient in people.PATIENTS:
        body = {
            "given_name": patient.given_name,
            "family_name": patient.family_name,
            "birth_date": patient.birth_date,
            "gender": patient.gender,
            "nhs_number": patient.nhs_number,
            "patient_id": patient.patient_id,
        }
        await admin.send("POST", "/api/patients", body, already=409)
        link = {"fhir_patient_id": patient.patient_id}
        await admin.send("PATCH", f"/api/users/{accounts[patient.username]}/link-patient", link)
        for index in patient.organisations:
            path = f"/api/organizations/{organisations[index]}/patients"
            await admin.send("POST", path, {"patient_id": patient.patient_id}, already=409)


async def _letters(writer: Person) -> None:
    for letter in people.LETTERS:
        path = f"/api/patients/{people.PATIENTS[letter.patient].patient_id}/letters"
        existing = await writer.read(path)
        if letter.title not in {entry["title"] for entry in existing["letters"]}:
            await writer.send("POST", path, {"title": letter.title, "body": letter.body})


async def _conversation(writer: Person) -> None:
    patient = people.PATIENTS[people.CONVERSATION_PATIENT].patient_id
    existing: dict[str, Any] = await writer.read("/api/conversations", patient_id=patient)
    if people.CONVERSATION_SUBJECT in {entry["subject"] for entry in existing["conversations"]}:
        return
    body = {
        "patient_id": patient,
        "subject": people.CONVERSATION_SUBJECT,
        "initial_message": people.CONVERSATION_OPENING,
        "include_patient_as_participant": True,
    }
    conversation = await writer.send("POST", "/api/conversations", body)
    for message in people.CONVERSATION_MESSAGES:
        await writer.send("POST", f"/api/conversations/{conversation['id']}/messages", {"body": message})
