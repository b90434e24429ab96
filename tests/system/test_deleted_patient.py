"""A patient that was deleted is there for nobody and nothing new, at once and in every service, until brought back."""

import secrets

import pytest
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import PASSWORD, Ward, account, good, grant, invite, organisation, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

NO_CONVERSATION = "You do not share an organisation with this patient"
LETTER = {"title": "Clinic", "body": "# Clinic"}
DRUG = {"medication": "Morphine sulfate", "dose": "10 mg", "duration_days": 7}


async def _refused(person: Visitor, method: str, path: str, body: object = None) -> tuple[int, str]:
    answer = await person.call(method, path, body)
    detail: str = answer.json()["detail"] if answer.status_code >= 400 else ""
    return answer.status_code, detail


async def _listed(person: Visitor) -> list[str]:
    answer = await good(await person.call("GET", "/api/patients?total=true"))
    assert answer["total"] == len(answer["patients"])
    return [each["id"] for each in answer["patients"]]


async def _external(w: Ward) -> Visitor:
    _, name = await account(w.admin, "external_hcp")
    await grant(w.admin, w.patient_id, name)
    return await w.system.visitor(name, PASSWORD)


async def test_nothing_new_is_made_of_a_deleted_patient(system: RunningSystem) -> None:
    w = await ward(system)
    external = await _external(w)
    token = await invite(w.admin, w.patient_id, f"x{secrets.token_hex(6)}@example.org")
    spare_id, _ = await account(w.admin, "patient", "patient")
    other = await organisation(w.admin)
    about, door = f"/api/patients/{w.patient_id}", f"/api/fhir/R4/Patient/{w.patient_id}"
    resource = (await w.admin.call("GET", door)).json()
    assert await _listed(w.clinician) == await _listed(external) == [w.patient_id]

    gone = await w.admin.call("DELETE", door)
    assert (gone.status_code, gone.headers.get("x-quill-pending")) == (204, None)

    assert await _listed(w.clinician) == await _listed(external) == []
    for person in (w.clinician, external):
        for path in (about, f"{about}/demographics"):
            assert await _refused(person, "GET", path) == (404, "Patient not found")
        assert (await person.call("GET", door)).status_code == 410
        started = {"patient_id": w.patient_id, "initial_message": "Hello"}
        assert await _refused(person, "POST", "/api/conversations", started) == (403, NO_CONVERSATION)
        prescribed = {"patient_id": w.patient_id, **DRUG}
        assert await _refused(person, "POST", "/api/prescriptions/controlled", prescribed) == (403, "Access denied")
    assert await _refused(w.clinician, "POST", f"{about}/letters", LETTER) == (404, "Patient not found")
    assert (await w.clinician.call("PUT", door, resource)).status_code == 410
    taken = {"given_name": "Mallory", "family_name": "Marsh", "patient_id": w.patient_id}
    assert await _refused(w.clinician, "POST", "/api/patients", taken) == (409, "Patient already exists")
    for path, body in (
        (f"{about}/invite-external", {"email": "gp@example.org", "user_type": "external_hcp"}),
        (f"/api/organizations/{other}/patients", {"patient_id": w.patient_id}),
        (f"{about}/deactivate", None),
    ):
        assert await _refused(w.admin, "POST", path, body) == (404, "Patient not found"), path
    link = f"/api/users/{spare_id}/link-patient"
    assert await _refused(w.admin, "PATCH", link, {"fhir_patient_id": w.patient_id}) == (404, "Patient not found")
    name = f"y{secrets.token_hex(6)}"
    accepted = {"token": token, "username": name, "password": PASSWORD}
    assert await _refused(system.stranger(), "POST", "/api/accept-invite", accepted) == (
        400,
        "Invalid or expired invite token",
    )
    assert await system.query("SELECT 1 FROM auth.users WHERE username = $1", name) == []

    back = await w.admin.call("PUT", door, resource)
    assert (back.status_code, back.headers.get("x-quill-pending")) == (201, None)
    assert await _listed(w.clinician) == await _listed(external) == [w.patient_id]
    assert (await good(await system.stranger().call("POST", "/api/accept-invite", accepted)))["status"] == "registered"
