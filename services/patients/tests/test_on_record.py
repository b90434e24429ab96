"""What the patients service puts on record."""

from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit
from quill_common.testing.on_record import acts_of, acts_of_service, refused

ROUTES = [
    ("GET", "/api/patients/p-1", "patient.read", None),
    ("PATCH", "/api/patients/p-1", "patient.update", {"given_name": "Ida"}),
    ("POST", "/api/patients/verify?patient_id=p-1", "patient.verify", None),
    ("GET", "/api/patients/p-1/demographics", "demographics.read", None),
    ("PUT", "/api/patients/p-1/demographics", "demographics.update", {"given_name": "Ida"}),
    ("GET", "/api/patients/p-1/metadata", "patient_status.read", None),
    ("GET", "/api/patients/p-1/history", "patient_history.read", None),
    ("GET", "/api/patients/p-1/history/1", "patient_version.read", None),
    ("GET", "/api/fhir/R4/Patient/p-1", "patient.read", None),
    ("GET", "/api/fhir/R4/Patient/p-1/_history", "patient_history.read", None),
    ("GET", "/api/fhir/R4/Patient/p-1/_history/1", "patient_version.read", None),
    ("POST", "/api/patients/p-1/deactivate", "patient.deactivate", None),
    ("POST", "/api/patients/p-1/activate", "patient.activate", None),
]
DETAILS = {"patient.activate": {"unchanged": True}, "patient_version.read": {"version": 1}}  # the patient is active


@pytest.mark.parametrize(("method", "path", "action", "body"), ROUTES)
async def test_who_asks_for_one_patient_is_on_record(
    kit: ServiceKit, keep_patient: Any, method: str, path: str, action: str, body: Any
) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.person("admin", roles=("Clinician",), organisations=(7,))
    response = await admin.client.request(method, path, json=body)
    assert response.status_code == 200, response.text
    details = {"details": DETAILS[action]} if action in DETAILS else {}
    assert await acts_of(kit, admin) == [{"action": action, "patient_id": "p-1", **details}]


@pytest.mark.parametrize("roles", [(), ("Clinician",)])
@pytest.mark.parametrize(("method", "path", "action", "body"), ROUTES)
async def test_who_is_refused_is_on_record_with_the_patient(
    kit: ServiceKit, keep_patient: Any, method: str, path: str, action: str, body: Any, roles: tuple[str, ...]
) -> None:
    await keep_patient("p-1", 7)
    stranger = await kit.person("staff", roles=roles, organisations=(8,))
    assert (await stranger.client.request(method, path, json=body)).status_code == 403
    assert await acts_of(kit, stranger) == [refused(action, 403, patient_id="p-1")]


async def test_a_search_for_a_patient_that_is_not_there_is_on_record(kit: ServiceKit) -> None:
    admin = await kit.admin()
    assert (await admin.client.get("/api/patients/p-9")).status_code == 404
    assert await acts_of(kit, admin) == [refused("patient.read", 404, patient_id="p-9")]


@pytest.mark.store("built-in")  # the other cannot delete
async def test_a_patient_that_was_deleted_is_on_record_as_refused(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician, admin = await kit.clinician(7), await kit.admin()
    assert (await admin.client.delete("/api/fhir/R4/Patient/p-1")).status_code == 204
    paths = {"": "patient.read", "/$everything": "patient.everything", "/_history/2": "patient_version.read"}
    for path in paths:
        assert (await clinician.client.get(f"/api/fhir/R4/Patient/p-1{path}")).status_code == 410
    acts = [(act["action"], act["details"]["status"], act["patient_id"]) for act in await acts_of(kit, clinician)]
    assert acts == [(action, 410, "p-1") for action in paths.values()]


async def test_who_tries_numbers_is_on_record_with_those_that_are_taken(kit: ServiceKit, keep_patient: Any) -> None:
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}
    await keep_patient("p-1", 8, identifier=[number])
    await keep_patient("p-2", 7)
    clinician = await kit.clinician(7)
    door = "/api/fhir/R4/Patient"
    resource = {"resourceType": "Patient", "id": "p-2", "identifier": [number]}
    patch = [{"op": "add", "path": "/identifier", "value": [number]}]
    asked = [
        ("POST", "/api/patients", {"given_name": "I", "family_name": "M", "nhs_number": number["value"]}, None),
        ("PATCH", "/api/patients/p-2", {"nhs_number": number["value"]}, "p-2"),
        ("PUT", "/api/patients/p-2/demographics", {"identifier": [number]}, "p-2"),
        ("POST", door, resource, None),
        ("PUT", f"{door}/p-2", resource, "p-2"),
        ("PATCH", f"{door}/p-2", patch, "p-2"),
    ]
    for method, path, body, _ in asked:
        kind = "application/json-patch+json" if body is patch else "application/json"
        response = await clinician.client.request(method, path, json=body, headers={"Content-Type": kind})
        assert (response.status_code, "p-1" in response.text) == (409, False), path
    acts = await acts_of(kit, clinician)
    assert [act["details"] for act in acts] == [{"status": 409}] * len(asked)
    assert [act.get("patient_id") for act in acts] == [patient_id for *_, patient_id in asked]


async def test_a_new_patient_is_on_record_with_the_new_id(kit: ServiceKit) -> None:
    clinician = await kit.clinician(7)
    body = {"given_name": "Ida", "family_name": "Marsh"}
    patient_id = (await clinician.client.post("/api/patients", json=body)).json()["id"]
    assert await acts_of(kit, clinician) == [{"action": "patient.create", "patient_id": patient_id}]


async def test_a_list_names_those_on_the_page_and_an_empty_one_names_nobody(kit: ServiceKit, keep_patient: Any) -> None:
    for number in range(3):
        await keep_patient(f"p-{number}", 7)
    clinician, lonely = await kit.clinician(7), await kit.clinician(8)
    first = (await clinician.client.get("/api/patients?limit=2")).json()
    await clinician.client.get(f"/api/patients?limit=2&cursor={first['next_cursor']}")
    await lonely.client.get("/api/patients")
    assert await acts_of(kit, clinician) == [
        {"action": "patient.list", "patient_ids": ["p-0", "p-1"]},
        {"action": "patient.list", "patient_ids": ["p-2"]},
    ]
    assert await acts_of(kit, lonely) == [{"action": "patient.list", "patient_ids": []}]


async def test_a_list_that_cannot_be_made_needs_no_record(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    clinician = await kit.clinician(7)
    monkeypatch.setattr(type(kit.parts.consumer), "complete", property(lambda _: False))
    async with kit.failing_commits("audit_entry"):
        response = await clinician.client.get("/api/patients")
    assert (response.status_code, response.json()["fhir_ready"]) == (200, False)
    assert await kit.audited() == []


async def test_an_import_names_all_who_came(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1")
    patients = [{"resourceType": "Patient", "id": each} for each in ("p-2", "p-1")] + [{"resourceType": "Patient"}]
    body = {"organisation_id": None, "patients": patients}
    assert (await kit.service("operator").post("/internal/import/patients", json=body)).status_code == 200
    [entry] = await acts_of_service(kit, "operator")
    assert entry == {
        "action": "patient.import",
        "patient_ids": ["p-1", "p-2"],
        "details": {"outcomes": {"created": 1, "refused": 2}},
    }


async def test_what_cannot_be_recorded_is_neither_shown_nor_changed(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.person("admin", roles=("Clinician",), organisations=(7,))
    rows = "SELECT version, content FROM fhir_patient"
    before = await kit.read(rows)
    async with kit.failing_commits("audit_entry"):
        for method, path, _, body in [*ROUTES, ("GET", "/api/patients", "patient.list", None)]:
            response = await admin.client.request(method, path, json=body)
            assert (response.status_code, b"Marsh" in response.content) == (503, False), path
    assert (await kit.read(rows), await kit.audited()) == (before, [])
    assert await kit.read("SELECT 1 FROM patient_metadata") == []


@pytest.mark.store("built-in")
async def test_a_change_that_fails_at_its_end_is_not_on_record(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    async with kit.failing_commits("fhir_patient"):
        response = await clinician.client.patch("/api/patients/p-1", json={"given_name": "Ida"})
    assert response.status_code == 503
    assert await kit.audited() == []
    assert await kit.read("SELECT version FROM fhir_patient") == [{"version": 1}]
