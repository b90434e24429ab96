"""`POST /api/patients/verify` (contract 6.3)."""

from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit


async def test_a_clinician_with_access_learns_that_a_patient_is_ready(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    response = await clinician.client.post("/api/patients/verify", params={"patient_id": "p-1"})
    assert (response.status_code, response.json()) == (200, {"patient_id": "p-1", "status": "ready"})
    assert await kit.published() == []


async def test_others_learn_nothing(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for person, detail in (
        (await kit.clinician(8), "Access denied"),
        (await kit.person("staff", organisations=(7,)), "Forbidden"),
        (await kit.admin(), "Forbidden"),
        (await kit.person("patient", patient_id="p-1"), "Forbidden"),
    ):
        for patient_id in ("p-1", "unknown"):
            response = await person.client.post("/api/patients/verify", params={"patient_id": patient_id})
            assert (response.status_code, response.json()) == (403, {"detail": detail})
    assert (await kit.anonymous.post("/api/patients/verify?patient_id=p-1")).status_code == 401


async def test_who_may_know_learns_that_there_is_no_such_patient(kit: ServiceKit) -> None:
    admin = await kit.person("admin", roles=("Clinician",))
    response = await admin.client.post("/api/patients/verify", params={"patient_id": "unknown"})
    assert (response.status_code, response.json()) == (404, {"detail": "Patient not found in FHIR server"})


@pytest.mark.parametrize(
    "query", ["", "?patient_id=", "?patient_id=a b", "?patient_id=a%00", f"?patient_id={'x' * 65}"]
)
async def test_an_id_that_is_no_fhir_id_is_refused(kit: ServiceKit, query: str) -> None:
    clinician = await kit.clinician(7)
    assert (await clinician.client.post(f"/api/patients/verify{query}")).status_code == 422
