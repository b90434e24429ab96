"""Deleting a patient and bringing one back."""

import asyncio
from typing import Any

import pytest
from quill_common.fhir.resource import Resource, StoredResource
from quill_common.http.errors import PatientNotFound
from quill_common.testing.kit import ServiceKit
from quill_patients.patient import deletion
from quill_patients.patient.builtin import BuiltInPatients
from quill_patients.patient.service import PatientChangedMeanwhile, PatientExists

CREATED, DELETED = "quill.patients.patient.created.v1", "quill.patients.patient.deleted.v1"
STORE = BuiltInPatients()
ANEW: Resource = {"resourceType": "Patient", "id": "p-1", "name": [{"family": "Fenn"}]}


async def _delete(kit: ServiceKit, if_match: str | None = None) -> StoredResource:
    async with kit.parts.units.open() as work:
        return await deletion.delete(work, STORE, "p-1", if_match)


async def _restore(kit: ServiceKit, deleted: int = 2, **more: Any) -> StoredResource:
    async with kit.parts.units.open() as work:
        return await deletion.restore(work, STORE, {**ANEW, **more}, deleted)


async def test_a_deleted_patient_is_nowhere(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician, admin, own = await kit.clinician(7), await kit.admin(), await kit.person("patient", patient_id="p-1")
    await _delete(kit)
    for person in (clinician, admin, own):
        for path in ("", "/demographics"):
            answer = await person.client.get(f"/api/patients/p-1{path}")
            assert (answer.status_code, answer.json()) == (404, {"detail": "Patient not found"})
        listed = await person.client.get("/api/patients?scope=admin&include_inactive=true")
        assert listed.json() == {"patients": [], "fhir_ready": True, "next_cursor": None}
    change = {"gender": "female"}
    assert (await clinician.client.patch("/api/patients/p-1", json=change)).status_code == 404
    assert (await clinician.client.put("/api/patients/p-1/demographics", json=change)).status_code == 404
    assert (await clinician.client.post("/api/patients/verify?patient_id=p-1")).status_code == 404
    assert (await admin.client.post("/api/patients/p-1/deactivate")).status_code == 404


async def test_others_hear_of_it_once_and_nothing_new_is_attached(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    gone = await _delete(kit)
    async with kit.parts.units.open() as work:
        assert await deletion.delete(work, STORE, "p-1") == gone
        assert work.awaited
    assert await kit.published(DELETED) == [{"id": "p-1"}]
    assert await kit.read("SELECT id FROM access_patient") == []
    assert await kit.read("SELECT organisation_id FROM access_patient_member") == [{"organisation_id": 7}]


async def test_of_many_who_delete_it_all_are_right_and_it_is_told_once(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    gone = await asyncio.gather(*(_delete(kit) for _ in range(8)))
    assert {(each.version, each.deleted) for each in gone} == {(2, True)}
    assert await kit.published() == [{"id": "p-1"}]


async def test_a_patient_that_never_was_is_not_found(kit: ServiceKit) -> None:
    with pytest.raises(PatientNotFound):
        await _delete(kit)


async def test_another_version_than_the_named_one_is_not_deleted(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    with pytest.raises(PatientChangedMeanwhile):
        await _delete(kit, 'W/"2"')
    assert await kit.published() == []
    assert (await _delete(kit, 'W/"1"')).version == 2


async def test_its_id_stays_taken(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    await _delete(kit)
    admin = await kit.admin()
    body = {"given_name": "Ida", "family_name": "Fenn", "patient_id": "p-1"}
    answer = await admin.client.post("/api/patients", json=body)
    assert (answer.status_code, answer.json()) == (409, {"detail": "Patient already exists"})
    assert await kit.published(CREATED) == []


async def test_who_comes_back_is_where_they_were(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    await _delete(kit)
    back = await _restore(kit)
    assert back.version == 3
    answer = await clinician.client.get("/api/patients/p-1")
    assert (answer.text, answer.headers["etag"]) == (back.content, 'W/"3"')
    assert [each["id"] for each in (await clinician.client.get("/api/patients")).json()["patients"]] == ["p-1"]
    assert await kit.published(CREATED) == [{"id": "p-1", "organisation_id": None}]
    assert await kit.read("SELECT id, is_active FROM access_patient") == [{"id": "p-1", "is_active": True}]


async def test_who_had_left_the_lists_comes_back_outside_of_them(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    await admin.client.post("/api/patients/p-1/deactivate")
    await _delete(kit)
    await _restore(kit)
    assert await kit.read("SELECT is_active FROM access_patient") == [{"is_active": False}]
    assert (await admin.client.get("/api/patients?scope=admin")).json()["patients"] == []
    assert await kit.parts.rebuild.source("patients") > 0
    assert await kit.read("SELECT id, is_active FROM access_patient") == [{"id": "p-1", "is_active": False}]


async def test_only_from_the_version_that_says_deleted_one_comes_back(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    await _delete(kit)
    for other in (1, 3):
        with pytest.raises(PatientChangedMeanwhile):
            await _restore(kit, other)
    assert await kit.published(CREATED) == []


async def test_a_number_that_somebody_else_has_by_now_keeps_a_patient_away(kit: ServiceKit, keep_patient: Any) -> None:
    number: dict[str, Any] = {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}]}
    await keep_patient("p-1", 7, **number)
    await _delete(kit)
    await keep_patient("p-2", 7, **number)
    with pytest.raises(PatientExists):
        await _restore(kit, **number)
    assert (await _restore(kit)).version == 3


async def test_an_import_does_not_bring_a_patient_back(kit: ServiceKit, keep_patient: Any) -> None:
    body = {"patients": [ANEW]}
    operator = kit.service("operator")
    await operator.post("/internal/import/patients", json=body)
    await _delete(kit)
    [result] = (await operator.post("/internal/import/patients", json=body)).json()["results"]
    assert (result["id"], result["outcome"]) == ("p-1", "refused")
    assert "was deleted" in result["reason"]
    assert await kit.read("SELECT id FROM fhir_patient") == []
