"""The acts of the main job, in order. Each reads as what happens in a clinic."""

from dataclasses import dataclass

from quill_operator.console import console
from quill_operator.story.actor import Actor
from quill_operator.story.cast import Cast

LETTER = "# Review\n\nBlood pressure is well controlled. **Continue** amlodipine 5 mg once daily."
MRN_SYSTEM = "http://hospital.example.org/identifiers/mrn"


@dataclass
class Ward:
    """What exists once the admin is done."""

    organisation: int
    patient_id: str
    usernames: dict[str, str]


async def play(base_url: str, admin_username: str, admin_password: str) -> None:
    """Play the whole story. Raises NotAsTheContractSays at the first answer that is not as it should be."""
    cast = Cast.of(base_url)
    try:
        _act("The admin signs in, makes an organisation, and adds a clinician and a patient to it")
        await cast.admin.sign_in(admin_username, admin_password)
        ward = await _set_up(cast)
        _act("The clinician finds the patient and writes a letter")
        letter = await _write_letter(cast, ward)
        _act("The clinician starts a conversation with the patient")
        conversation = await _start_conversation(cast, ward)
        _act("The patient signs in, reads the letter and answers")
        await _patient_reads_and_answers(cast, ward, letter, conversation)
        _act("A clinician of another organisation sees nothing of it")
        await _outsider_sees_nothing(cast, ward, letter, conversation)
        _act("The patient invites a doctor from outside, who reads along until the admin ends it")
        await _guest_reads_along(cast, ward, letter)
        _act("The clinician reads the answer, leaves the organisation and signs out")
        await _clinician_leaves(cast, ward, conversation)
    finally:
        await cast.leave()


async def _set_up(cast: Cast) -> Ward:
    admin = cast.admin
    ours = await admin.post("/api/organizations", {"name": f"Elm Ward {cast.run}", "type": "hospital_team"})
    theirs = await admin.post("/api/organizations", {"name": f"Oak Practice {cast.run}", "type": "gp_practice"})
    clinician = await admin.post("/api/users", cast.account("Amara Osei", "staff", "consultant"), shown="{Amara Osei}")
    outsider = await admin.post(
        "/api/users", cast.account("Ian Stranger", "staff", "general_practitioner"), shown="{Ian Stranger}"
    )
    account = await admin.post("/api/users", cast.account("Edith Marsh", "patient", "patient"), shown="{Edith Marsh}")
    await admin.post(f"/api/organizations/{ours['id']}/staff", {"user_id": clinician["id"]})
    await admin.post(f"/api/organizations/{theirs['id']}/staff", {"user_id": outsider["id"]})
    patient = await admin.post(
        "/api/patients",
        {
            "given_name": "Edith",
            "family_name": "Marsh",
            "birth_date": "1951-11-30",
            "gender": "female",
            "nhs_number": cast.nhs_number,
            "mrn": f"MRN{cast.run}",
        },
    )
    await admin.post(f"/api/organizations/{ours['id']}/patients", {"patient_id": patient["id"]})
    await admin.patch(f"/api/users/{account['id']}/link-patient", {"fhir_patient_id": patient["id"]})
    names = {"clinician": clinician["username"], "outsider": outsider["username"], "patient": account["username"]}
    return Ward(ours["id"], patient["id"], names)


async def _write_letter(cast: Cast, ward: Ward) -> str:
    clinician = cast.clinician
    await clinician.sign_in(ward.usernames["clinician"], cast.password)
    listed = await clinician.get("/api/patients")
    clinician.insist(listed["fhir_ready"] is True, "the list of patients is not the whole truth")
    clinician.insist([p["id"] for p in listed["patients"]] == [ward.patient_id], "the patient is not in the list")
    record = await clinician.get(f"/api/patients/{ward.patient_id}")
    numbers = {identifier["system"]: identifier["value"] for identifier in record["identifier"]}
    clinician.insist(numbers[MRN_SYSTEM] == f"MRN{cast.run}", "the hospital number is not the one given")
    written = await clinician.post(
        f"/api/patients/{ward.patient_id}/letters", {"title": "Clinic review", "body": LETTER}
    )
    uid: str = written["composition_uid"]
    await _reads_letter(clinician, ward, uid)
    return uid


async def _reads_letter(reader: Actor, ward: Ward, uid: str) -> None:
    letters = await reader.get(f"/api/patients/{ward.patient_id}/letters")
    reader.insist([entry["composition_uid"] for entry in letters["letters"]] == [uid], "the letter is not listed")
    letter = await reader.get(f"/api/patients/{ward.patient_id}/letters/{uid}")
    body = letter["data"]["content"][0]["data"]["items"][0]["value"]["value"]
    reader.insist(body == LETTER, "the letter's text was changed")


async def _start_conversation(cast: Cast, ward: Ward) -> int:
    started = await cast.clinician.post(
        "/api/conversations",
        {
            "patient_id": ward.patient_id,
            "subject": "Your review",
            "initial_message": "How are you getting on with the new dose?",
            "include_patient_as_participant": True,
        },
    )
    cast.clinician.insist(len(started["participants"]) == 2, "the patient did not join")
    conversation: int = started["id"]
    return conversation


async def _patient_reads_and_answers(cast: Cast, ward: Ward, letter: str, conversation: int) -> None:
    patient = cast.patient
    await patient.sign_in(ward.usernames["patient"], cast.password)
    own = await patient.get("/api/patients")
    patient.insist([p["id"] for p in own["patients"]] == [ward.patient_id], "sees another list than the own record")
    await _reads_letter(patient, ward, letter)
    listed = await patient.get("/api/conversations")
    patient.insist([c["unread_count"] for c in listed["conversations"]] == [1], "there should be one unread message")
    await patient.get(f"/api/conversations/{conversation}")
    answer = "Much better, thank you. No dizziness since Monday."
    await patient.post(f"/api/conversations/{conversation}/messages", {"body": answer})
    again = await patient.get("/api/conversations")
    patient.insist([c["unread_count"] for c in again["conversations"]] == [0], "reading did not mark as read")
    refused = await patient.post(f"/api/patients/{ward.patient_id}/letters", {"title": "x", "body": "x"}, 403)
    patient.insist(refused == {"detail": "Forbidden"}, "a patient must not write letters")


async def _outsider_sees_nothing(cast: Cast, ward: Ward, letter: str, conversation: int) -> None:
    outsider = cast.outsider
    await outsider.get(f"/api/patients/{ward.patient_id}", 401)
    await outsider.sign_in(ward.usernames["outsider"], cast.password)
    listed = await outsider.get("/api/patients")
    outsider.insist(listed["patients"] == [] and listed["fhir_ready"] is True, "sees patients of others")
    for path in ("", "/demographics", "/metadata", "/letters", f"/letters/{letter}"):
        refused = await outsider.get(f"/api/patients/{ward.patient_id}{path}", 403)
        outsider.insist(refused == {"detail": "Access denied"}, "the refusal says more than it should")
    unknown = await outsider.get("/api/patients/there-is-no-such-patient", 403)
    outsider.insist(unknown == {"detail": "Access denied"}, "the refusal tells which patients exist")
    threads = await outsider.get("/api/conversations")
    outsider.insist(threads["conversations"] == [], "sees conversations of others")
    await outsider.get(f"/api/conversations/{conversation}", 404)
    await outsider.post(f"/api/conversations/{conversation}/messages", {"body": "hello"}, 404)
    await outsider.post(f"/api/conversations/{conversation}/join", None, 404)
    await outsider.post("/api/conversations", {"patient_id": ward.patient_id, "initial_message": "hello"}, 403)


async def _guest_reads_along(cast: Cast, ward: Ward, letter: str) -> None:
    patient, guest = cast.patient, cast.guest
    username = f"noor.haddad.{cast.run}"
    body = {"email": f"{username}@example.org", "user_type": "external_hcp"}
    token = (await patient.post(f"/api/patients/{ward.patient_id}/invite-external", body))["token"]
    accepting = {"token": token, "username": username, "password": cast.password}
    accepted = await guest.post("/api/accept-invite", accepting, shown='{"token": …, "username": …, "password": …}')
    guest.insist(accepted["status"] == "registered", "the account was not made")
    await guest.sign_in(username, cast.password)
    own = await guest.get("/api/patients")
    guest.insist([p["id"] for p in own["patients"]] == [ward.patient_id], "sees another list than the one patient")
    await _reads_letter(guest, ward, letter)
    access = f"/api/patients/{ward.patient_id}/external-access"
    grants = (await patient.get(access))["grants"]
    patient.insist([grant["username"] for grant in grants] == [username], "somebody else has access")
    await cast.admin.delete(f"{access}/{accepted['user_id']}")
    await guest.get(f"/api/patients/{ward.patient_id}", 403)
    used = await guest.post("/api/accept-invite", accepting, 400, shown='{"token": …}')
    guest.insist(used == {"detail": "Invalid or expired invite token"}, "the link lets in again")


async def _clinician_leaves(cast: Cast, ward: Ward, conversation: int) -> None:
    clinician, admin = cast.clinician, cast.admin
    thread = await clinician.get(f"/api/conversations/{conversation}")
    clinician.insist(len(thread["messages"]) == 2, "the answer is missing")
    clinician.insist(thread["status"] == "active", "an answered conversation is active")
    me = await clinician.get("/api/auth/me")
    await admin.delete(f"/api/organizations/{ward.organisation}/staff/{me['id']}")
    await clinician.get(f"/api/patients/{ward.patient_id}", 403)
    emptied = await clinician.get("/api/patients")
    clinician.insist(emptied["patients"] == [] and emptied["fhir_ready"] is True, "still sees the patient")
    token = clinician.visitor.http.cookies.get("access_token")
    await clinician.post("/api/auth/logout")
    clinician.visitor.http.cookies.set("access_token", token or "")
    ended = await clinician.get("/api/auth/me", 401)
    clinician.insist(ended == {"detail": "Invalid token"}, "the session lives on after signing out")


def _act(title: str) -> None:
    console.print(f"\n[bold]{title}[/]")
