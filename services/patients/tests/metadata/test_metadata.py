"""`metadata`, `deactivate` and `activate` (contract 6.8 to 6.10)."""

import asyncio
from typing import Any

from quill_common.testing.kit import ServiceKit

GONE = {"patient_id": "p-1", "is_active": False, "message": "Patient deactivated successfully"}
BACK = {"patient_id": "p-1", "is_active": True, "message": "Patient activated successfully"}


async def test_a_patient_is_active_until_deactivated_and_again_after(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    clinician = await kit.clinician(7)

    async def state() -> Any:
        return (await clinician.client.get("/api/patients/p-1/metadata")).json()

    assert await state() == {"patient_id": "p-1", "is_active": True}
    assert (await admin.client.post("/api/patients/p-1/deactivate")).json() == GONE
    assert await state() == {"patient_id": "p-1", "is_active": False}
    assert (await clinician.client.get("/api/patients/p-1")).status_code == 200
    assert (await admin.client.post("/api/patients/p-1/activate")).json() == BACK
    assert await state() == {"patient_id": "p-1", "is_active": True}


async def test_repetition_answers_the_same_and_publishes_once(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    assert (await admin.client.post("/api/patients/p-1/activate")).json() == BACK
    assert await kit.published() == []
    assert await kit.read("SELECT patient_id, is_active FROM patient_metadata") == [
        {"patient_id": "p-1", "is_active": True}
    ]
    answers = await asyncio.gather(*(admin.client.post("/api/patients/p-1/deactivate") for _ in range(4)))
    assert [answer.json() for answer in answers] == [GONE] * 4
    assert await kit.published("quill.patients.patient.deactivated.v1") == [{"id": "p-1"}]
    for _ in range(2):
        await admin.client.post("/api/patients/p-1/activate")
    assert await kit.published("quill.patients.patient.activated.v1") == [{"id": "p-1"}]
    assert await kit.read("SELECT is_active FROM access_patient WHERE id = 'p-1'") == [{"is_active": True}]


async def test_an_unknown_patient_is_active_but_cannot_be_deactivated(kit: ServiceKit) -> None:
    admin = await kit.admin()
    metadata = await admin.client.get("/api/patients/unknown/metadata")
    assert (metadata.status_code, metadata.json()) == (200, {"patient_id": "unknown", "is_active": True})
    for action in ("deactivate", "activate"):
        response = await admin.client.post(f"/api/patients/unknown/{action}")
        assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})
    assert await kit.read("SELECT * FROM patient_metadata") == []


async def test_below_admin_nobody_deactivates(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for person in (await kit.clinician(7), await kit.person("patient", patient_id="p-1")):
        for action in ("deactivate", "activate"):
            detail = f"Admin or superadmin permission required to {action} patients"
            for patient_id in ("p-1", "unknown"):
                response = await person.client.post(f"/api/patients/{patient_id}/{action}")
                assert (response.status_code, response.json()) == (403, {"detail": detail})
    for action in ("deactivate", "activate"):
        assert (await kit.anonymous.post(f"/api/patients/p-1/{action}")).status_code == 401


async def test_metadata_need_rule_a(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    stranger = await kit.clinician(8)
    for patient_id in ("p-1", "unknown"):
        response = await stranger.client.get(f"/api/patients/{patient_id}/metadata")
        assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})
    assert (await kit.anonymous.get("/api/patients/p-1/metadata")).status_code == 401


async def test_an_id_that_is_no_fhir_id_is_refused(kit: ServiceKit) -> None:
    admin = await kit.admin()
    assert (await admin.client.get("/api/patients/a b/metadata")).status_code == 422
    assert (await admin.client.post(f"/api/patients/{'x' * 65}/deactivate")).status_code == 422


async def test_a_commit_that_fails_deactivates_nobody(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    async with kit.failing_commits("patient_metadata"):
        assert (await admin.client.post("/api/patients/p-1/deactivate")).status_code >= 500
    assert (await admin.client.get("/api/patients/p-1/metadata")).json()["is_active"] is True
    assert await kit.published() == []
