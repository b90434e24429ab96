"""The whole system with a FHIR server of the site's own behind patients and messages, up, away and back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from quill_common.testing.fhir_server import FhirServer, ThreadedFhirServer
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import Ward, good, patient, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(300)]

UNAVAILABLE = (503, {"detail": "Clinical store unavailable"})


@pytest.fixture
def server(site_server: ThreadedFhirServer) -> FhirServer:
    return site_server.server


async def _until(asked: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await asked():  # noqa: ASYNC110 - other processes move, there is nothing to wait on
            await asyncio.sleep(0.2)


async def _listed(visitor: Visitor) -> dict[str, Any]:
    listed: dict[str, Any] = await good(await visitor.call("GET", "/api/patients"))
    return listed


async def _is_healthy(visitor: Visitor) -> bool:
    return bool((await visitor.call("GET", "/api/health")).json()["services"]["fhir"]["available"])


async def test_the_main_job_is_done_with_resources_in_the_server(external: RunningSystem, server: FhirServer) -> None:
    w = await ward(external)
    changed = await good(
        await w.clinician.call("PATCH", f"/api/patients/{w.patient_id}", {"nhs_number": "943 476 5919"})
    )
    assert changed["meta"]["versionId"] == "2"
    assert (await _listed(w.clinician))["patients"] == [{**changed, "is_active": True}]
    again = {"given_name": "A", "family_name": "B", "nhs_number": "9434765919"}
    assert (await w.admin.call("POST", "/api/patients", again)).status_code == 409
    letter = {"title": "Clinic", "body": "Seen today."}
    await good(await w.clinician.call("POST", f"/api/patients/{w.patient_id}/letters", letter))
    body = {"patient_id": w.patient_id, "initial_message": "first"}
    started = await good(await w.clinician.call("POST", "/api/conversations", body))
    path = f"/api/conversations/{started['id']}/messages"
    message = await good(await w.clinician.call("POST", path, {"body": "second"}))
    stored = server.present("Patient", w.patient_id)
    assert stored == changed
    communication = server.present("Communication", message["fhir_communication_id"])
    assert communication is not None
    assert communication["payload"] == [{"contentString": "second"}]
    for table in ("patients.fhir_patient", "messaging.fhir_communication"):
        assert (await external.query(f"SELECT count(*) FROM {table}"))[0][0] == 0


async def test_a_patient_of_the_site_is_known_everywhere(external: RunningSystem) -> None:
    w = await ward(external)

    async def known() -> bool:
        body = {"patient_id": "of-the-site"}
        answer = await w.admin.call("POST", f"/api/organizations/{w.organisation}/patients", body)
        return answer.status_code == 200

    await _until(known)
    shown = [one["id"] for one in (await _listed(w.clinician))["patients"]]
    assert sorted(shown) == sorted([w.patient_id, "of-the-site"])


async def test_a_server_that_is_away_is_said_to_be_and_is_back_when_it_is(
    external: RunningSystem, site_server: ThreadedFhirServer
) -> None:
    w = await ward(external)
    body = {"patient_id": w.patient_id, "initial_message": "first"}
    thread = f"/api/conversations/{(await good(await w.clinician.call('POST', '/api/conversations', body)))['id']}"
    before = await good(await w.clinician.call("GET", thread))
    site_server.stop()
    try:
        await _says_that_it_is_away(w, thread, before)
    finally:
        site_server.start()
    await _until(lambda: _is_healthy(w.clinician))
    listed = await _listed(w.clinician)
    assert listed["fhir_ready"] is True
    assert [one["id"] for one in listed["patients"]] == [w.patient_id]
    await good(await w.clinician.call("GET", f"/api/patients/{w.patient_id}"))
    await good(await w.clinician.call("POST", f"{thread}/messages", {"body": "second"}))
    await patient(w.admin, w.organisation)


async def _says_that_it_is_away(w: Ward, thread: str, before: Any) -> None:
    assert await _listed(w.clinician) == {"patients": [], "fhir_ready": False, "next_cursor": None}
    record = f"/api/patients/{w.patient_id}"
    for method, path, body in (
        ("GET", record, None),
        ("GET", f"{record}/demographics", None),
        ("PATCH", record, {"mrn": "M1"}),
        ("POST", "/api/patients", {"given_name": "A", "family_name": "B"}),
        ("POST", f"{thread}/messages", {"body": "lost"}),
    ):
        answer = await w.clinician.call(method, path, body)
        assert (answer.status_code, answer.json()) == UNAVAILABLE, path
        assert answer.headers["Retry-After"]
    assert await good(await w.clinician.call("GET", thread)) == before
    await _until(lambda: _is_away(w.clinician))
    health = (await w.clinician.call("GET", "/api/health")).json()
    assert health["status"] == "degraded"
    assert health["services"]["patients"]["available"] is True


async def _is_away(visitor: Visitor) -> bool:
    return not await _is_healthy(visitor)
