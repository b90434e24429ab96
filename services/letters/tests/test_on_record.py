"""What the letters service puts on record."""

from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_common.testing.on_record import acts_of, acts_of_service, refused

LETTER = {"title": "Clinic letter", "body": "Dear Anne, the result is clear."}
UID = "8849182c-82ad-4088-a07f-48ead4180515::quill::1"


async def written(clinician: Person, patient: str) -> str:
    response = await clinician.client.post(f"/api/patients/{patient}/letters", json=LETTER)
    assert response.status_code == 200, response.text
    uid: str = response.json()["composition_uid"]
    return uid


async def test_writing_listing_and_reading_are_on_record(kit: ServiceKit, clinician: Person, patient: str) -> None:
    letters = f"/api/patients/{patient}/letters"
    await clinician.client.get(letters)
    uid = await written(clinician, patient)
    await clinician.client.get(letters)
    assert (await clinician.client.get(f"{letters}/{uid}")).status_code == 200
    used = {"action": "competency.use", "patient_id": patient, "target": "competency/access_patient_records"}
    assert [act for act in await acts_of(kit, clinician) if act != used] == [
        {"action": "letter.list", "patient_id": patient, "details": {"shown": 0}},
        {"action": "letter.create", "patient_id": patient, "target": f"letter/{uid}"},
        {"action": "letter.list", "patient_id": patient, "details": {"shown": 1}},
        {"action": "letter.read", "patient_id": patient, "target": f"letter/{uid}"},
    ]


@pytest.mark.parametrize(
    ("method", "path", "action", "target"),
    [
        ("GET", "", "letter.list", {}),
        ("POST", "", "letter.create", {}),
        ("GET", f"/{UID}", "letter.read", {"target": f"letter/{UID}"}),
    ],
)
@pytest.mark.parametrize("more", [{"roles": ("Clinician",)}, {"competencies": ()}])
async def test_who_is_refused_is_on_record_with_patient_and_letter(
    kit: ServiceKit, patient: str, method: str, path: str, action: str, target: dict[str, str], more: dict[str, Any]
) -> None:
    stranger = await kit.person("staff", organisations=(2,), **more)
    response = await stranger.client.request(method, f"/api/patients/{patient}/letters{path}", json=LETTER)
    assert response.status_code == 403
    acts = [act for act in await acts_of(kit, stranger) if act["action"] != "competency.use"]
    assert acts == [refused(action, 403, patient_id=patient, **target)]


async def test_a_letter_that_is_not_there_is_on_record(kit: ServiceKit, clinician: Person, patient: str) -> None:
    assert (await clinician.client.get(f"/api/patients/{patient}/letters/{UID}")).status_code == 404
    assert refused("letter.read", 404, patient_id=patient, target=f"letter/{UID}") in await acts_of(kit, clinician)


async def test_an_import_names_the_patients_of_its_letters(kit: ServiceKit, patient: str) -> None:
    letter = {"body": "Text", "written_at": "2026-01-01T00:00:00Z", "source_id": "a"}
    body = {"letters": [{**letter, "patient_id": patient}, {**letter, "patient_id": "gone"}, {"source_id": "b"}]}
    response = await kit.service("operator").post("/internal/import/letters", json=body)
    assert [result["outcome"] for result in response.json()["results"]] == ["created", "refused", "refused"]
    assert all("patient_id" not in result for result in response.json()["results"])
    [entry] = await acts_of_service(kit, "operator")
    assert entry == {
        "action": "letter.import",
        "patient_ids": [patient, "gone"],
        "details": {"outcomes": {"created": 1, "refused": 2}},
    }


async def test_what_cannot_be_recorded_is_neither_shown_nor_written(
    kit: ServiceKit, clinician: Person, patient: str
) -> None:
    uid = await written(clinician, patient)
    before = await kit.audited()
    async with kit.failing_commits("audit_entry"):
        for method, path in (("GET", ""), ("GET", f"/{uid}"), ("POST", "")):
            response = await clinician.client.request(method, f"/api/patients/{patient}/letters{path}", json=LETTER)
            assert (response.status_code, b"result" in response.content) == (503, False)
    assert await kit.audited() == before
    assert len(await kit.read("SELECT 1 FROM composition")) == 1


async def test_a_letter_that_fails_at_its_end_is_not_on_record(
    kit: ServiceKit, clinician: Person, patient: str
) -> None:
    async with kit.failing_commits("composition"):
        response = await clinician.client.post(f"/api/patients/{patient}/letters", json=LETTER)
    assert response.status_code == 503
    assert (await kit.audited(), await kit.read("SELECT 1 FROM composition")) == ([], [])
