"""A crash between the FHIR server and our database, and patients that the site had before Quill."""

from typing import Any

import pytest
from quill_common.fhir.store import StoreFailing
from quill_common.testing.fhir_server import FhirServer
from quill_common.testing.kit import ServiceKit
from quill_patients.external.adoption import walk

pytestmark = pytest.mark.store("external")

CREATED = "quill.patients.patient.created.v1"


async def _walk(kit: ServiceKit) -> tuple[int, int]:
    return await walk(kit.parts, kit.app.state.patients)


async def test_patients_of_the_site_come_in_once_and_into_no_organisation(kit: ServiceKit, double: FhirServer) -> None:
    for number in range(double.page_size * 2 + 3):
        double.put({"resourceType": "Patient", "id": f"site-{number:03}"})
    assert await _walk(kit) == (double.page_size * 2 + 3, 0)
    assert await _walk(kit) == (0, 0)
    published = await kit.published(CREATED)
    assert len(published) == double.page_size * 2 + 3
    assert {event["organisation_id"] for event in published} == {None}
    adopted = [entry for entry in await kit.audited() if entry["action"] == "patient.adopt"]
    assert sum(len(entry["patient_ids"]) for entry in adopted) == len(published)
    assert {entry["actor_service"] for entry in adopted} == {"patients"}


async def test_one_who_vanished_is_noticed_and_stays_known(
    kit: ServiceKit, double: FhirServer, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    await keep_patient("p-2", 7)
    double.remove("Patient", "p-1")
    assert await _walk(kit) == (0, 1)
    assert len(await kit.read("SELECT id FROM access_patient")) == 2


async def test_a_server_that_fails_half_way_is_walked_again(kit: ServiceKit, double: FhirServer) -> None:
    for number in range(double.page_size + 1):
        double.put({"resourceType": "Patient", "id": f"site-{number:03}"})
    with double.failing("500", pattern="_getpages"), pytest.raises(StoreFailing):
        await _walk(kit)
    assert await _walk(kit) == (1, 0)


@pytest.mark.parametrize("body", [{}, {"patient_id": "wanted"}])
async def test_a_creation_whose_commit_failed_is_completed_by_its_repeat(
    kit: ServiceKit, double: FhirServer, body: dict[str, str]
) -> None:
    clinician = await kit.clinician(7)
    body = {"given_name": "Edith", "family_name": "Marsh", "nhs_number": "9434765919", **body}
    key = {"Idempotency-Key": "k1"}
    async with kit.failing_commits("outbox"):
        assert (await clinician.client.post("/api/patients", json=body, headers=key)).status_code == 503
    assert len(double.resources) == 1
    assert await kit.published(CREATED) == []
    repeated = await clinician.client.post("/api/patients", json=body, headers=key)
    assert repeated.status_code == 200, repeated.text
    assert len(double.resources) == 1
    assert await kit.published(CREATED) == [{"id": repeated.json()["id"], "organisation_id": 7}]
    assert await _walk(kit) == (0, 0)


async def test_a_creation_at_the_door_is_completed_too(kit: ServiceKit, double: FhirServer) -> None:
    clinician = await kit.clinician(7)
    sent: dict[str, Any] = {
        "headers": {"Idempotency-Key": "k1"},
        "json": {"resourceType": "Patient", "name": [{"family": "Marsh"}]},
    }
    async with kit.failing_commits("outbox"):
        assert (await clinician.client.post("/api/fhir/R4/Patient", **sent)).status_code == 503
    repeated = await clinician.client.post("/api/fhir/R4/Patient", **sent)
    assert repeated.status_code == 201, repeated.text
    assert len(double.resources) == 1
    assert await kit.published(CREATED) == [{"id": repeated.json()["id"], "organisation_id": 7}]


async def test_one_that_was_adopted_meanwhile_exists(kit: ServiceKit, double: FhirServer) -> None:
    clinician = await kit.clinician(7)
    body = {"given_name": "Edith", "family_name": "Marsh", "patient_id": "wanted"}
    async with kit.failing_commits("outbox"):
        assert (await clinician.client.post("/api/patients", json=body)).status_code == 503
    assert await _walk(kit) == (1, 0)
    repeated = await clinician.client.post("/api/patients", json=body)
    assert (repeated.status_code, repeated.json()) == (409, {"detail": "Patient already exists"})
    assert (await clinician.client.get("/api/patients/wanted")).status_code == 403


async def test_a_record_of_the_site_is_not_taken_by_who_says_something_else(
    kit: ServiceKit, double: FhirServer
) -> None:
    double.put({"resourceType": "Patient", "id": "wanted", "name": [{"family": "Marsh", "given": ["Edith"]}]})
    clinician = await kit.clinician(7)
    body = {"given_name": "Edith", "family_name": "Marsh", "gender": "female", "patient_id": "wanted"}
    assert (await clinician.client.post("/api/patients", json=body)).status_code == 409
    assert await kit.published(CREATED) == []


async def test_one_that_is_being_created_is_left_to_its_creation(kit: ServiceKit, double: FhirServer) -> None:
    store = kit.app.state.patients
    async with kit.parts.database.writer() as writer:
        await store.create(writer, {"resourceType": "Patient", "id": "p-1"})
        assert await _walk(kit) == (0, 0)
    assert await _walk(kit) == (1, 0)
