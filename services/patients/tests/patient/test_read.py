"""`GET /api/patients/{patient_id}` (contract 6.4)."""

from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit


async def test_a_patient_is_read_as_it_was_stored(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, maritalStatus={"text": "M"}, _birthDate={"id": "x"})
    clinician = await kit.clinician(7)
    with kit.statements() as statements:
        response = await clinician.client.get("/api/patients/p-1")
    assert response.status_code == 200
    assert len(statements) == 2  # the principal; access and content
    assert response.headers["etag"] == 'W/"1"'
    patient = response.json()
    assert patient["maritalStatus"] == {"text": "M"}
    assert patient["_birthDate"] == {"id": "x"}
    assert "is_active" not in patient


async def test_whom_rule_a_lets_in_reads(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    granted = await kit.person("external_hcp")
    await kit.grant(granted, "p-1")
    for person in (
        await kit.clinician(7),
        await kit.person("patient", patient_id="p-1"),
        granted,
        await kit.admin(),
        await kit.person("superadmin"),
    ):
        assert (await person.client.get("/api/patients/p-1")).status_code == 200


async def test_others_are_refused_and_do_not_learn_what_exists(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for person in (
        await kit.clinician(8),
        await kit.person("patient", patient_id="p-2"),
        await kit.person("patient", organisations=(7,)),  # a stranger who registered into the organisation
        await kit.person("external_hcp"),
    ):
        for patient_id in ("p-1", "unknown"):
            response = await person.client.get(f"/api/patients/{patient_id}")
            assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})


async def test_an_admin_learns_that_there_is_no_such_patient(kit: ServiceKit) -> None:
    admin = await kit.admin()
    response = await admin.client.get("/api/patients/unknown")
    assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})


async def test_a_missing_or_inactive_account_reads_nothing(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    switched_off = await kit.clinician(7, is_active=False)
    assert (await switched_off.client.get("/api/patients/p-1")).json() == {"detail": "Inactive user"}
    assert (await kit.anonymous.get("/api/patients/p-1")).status_code == 401
    assert (await kit.client("nonsense").get("/api/patients/p-1")).json() == {"detail": "Invalid token"}


@pytest.mark.parametrize("patient_id", ["a b", "x" * 65, "é", "a%00b", "a%2e%2fb", "%ff"])
async def test_an_id_that_is_no_fhir_id_is_refused(kit: ServiceKit, patient_id: str) -> None:
    admin = await kit.admin()
    response = await admin.client.get(f"/api/patients/{patient_id}")
    assert response.status_code in (404, 422)
    if response.status_code == 404:
        assert response.json() == {"detail": "Not Found"}  # a slash makes it another path
