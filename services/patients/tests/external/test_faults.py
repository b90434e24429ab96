"""The FHIR server of the site fails: 503 or `fhir_ready: false`, never "not found" and never an empty list (P6)."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_common.testing.fhir_faults import FaultKind
from quill_common.testing.fhir_server import FhirServer
from quill_common.testing.kit import Person, ServiceKit

pytestmark = pytest.mark.store("external")

NOT_READY = {"patients": [], "fhir_ready": False, "next_cursor": None}
FAULTS: tuple[FaultKind, ...] = (
    "500", "503", "reset", "truncated", "not json", "html", "word for a version", "another resource", "another type",
    "redirect",
)  # fmt: skip
ONLY_WRONG_OF_A_PATIENT = ("word for a version", "another resource", "another type")  # "there is none" is said well
NHS = "https://fhir.nhs.uk/Id/nhs-number"


@pytest.fixture
async def clinician(kit: ServiceKit) -> Person:
    return await kit.clinician(7)


async def _listed(person: Person, **query: Any) -> list[str]:
    response = await person.client.get("/api/patients", params=query)
    body = response.json()
    assert (response.status_code, body["fhir_ready"]) == (200, True), body
    return [patient["id"] for patient in body["patients"]]


def _is_unavailable(response: httpx.Response) -> bool:
    return (
        response.status_code == 503
        and response.json() == {"detail": "Clinical store unavailable"}
        and "Retry-After" in response.headers
    )


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_failing_server_is_said_to_fail(
    kit: ServiceKit, double: FhirServer, clinician: Person, keep_patient: Any, kind: FaultKind
) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.person("admin", roles=("Clinician",))
    get, ask = clinician.client.get, clinician.client
    with double.failing(kind):
        for query in ({}, {"q": "marsh"}, {"total": "true"}):
            answer = await get("/api/patients", params=query)
            assert answer.json() | {"total": None} == NOT_READY | {"total": None}
        if kind != "another resource":  # where all are asked for, any patient is one
            assert (await admin.client.get("/api/patients?scope=admin")).json() == NOT_READY
        assert _is_unavailable(await get("/api/patients/p-1"))
        assert _is_unavailable(await get("/api/patients/p-1/demographics"))
        assert _is_unavailable(await get("/api/patients/p-1/history"))
        assert _is_unavailable(await ask.patch("/api/patients/p-1", json={"mrn": "1"}))
        assert _is_unavailable(await ask.put("/api/patients/p-1/demographics", json={"sex": "male"}))
        assert _is_unavailable(await ask.post("/api/patients/verify?patient_id=p-1"))
        assert _is_unavailable(await admin.client.post("/api/patients/p-1/deactivate"))
        if kind not in ONLY_WRONG_OF_A_PATIENT:
            body = {"given_name": "A", "family_name": "B", "nhs_number": "9434765919"}
            assert _is_unavailable(await ask.post("/api/patients", json=body))
    assert await kit.published() == []
    assert await _listed(clinician) == ["p-1"]
    assert (await get("/api/patients/p-1")).status_code == 200


async def test_who_may_not_see_a_patient_learns_nothing_of_the_server(
    kit: ServiceKit, double: FhirServer, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    other = await kit.clinician(8)
    double.requests.clear()
    with double.failing("500"):
        for patient_id in ("p-1", "unknown"):
            response = await other.client.get(f"/api/patients/{patient_id}")
            assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})
        assert (await other.client.patch("/api/patients/p-1", json={"mrn": "1"})).status_code == 403
        assert await _listed(other) == []
    assert double.requests == []


async def test_a_slow_server_is_not_waited_for(
    kit: ServiceKit, double: FhirServer, clinician: Person, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    with double.failing("slow"):
        listed, read = await asyncio.gather(
            clinician.client.get("/api/patients"), clinician.client.get("/api/patients/p-1")
        )
        assert listed.json() == NOT_READY
        assert _is_unavailable(read)


async def test_one_page_that_fails_fails_the_list(kit: ServiceKit, double: FhirServer, keep_patient: Any) -> None:
    for number in range(double.page_size * 2 + 1):
        await keep_patient(f"p-{number:03}", 7)
    admin, clinician = await kit.admin(), await kit.clinician(7)
    assert len(await _listed(admin, scope="admin")) == double.page_size * 2 + 1
    assert len(await _listed(clinician)) == double.page_size * 2 + 1
    with double.failing("500", pattern="_getpages", skip=1, times=1):
        assert (await admin.client.get("/api/patients?scope=admin")).json() == NOT_READY
    with double.failing("500", pattern="_getpages"):
        assert (await clinician.client.get("/api/patients")).json() == NOT_READY
    for kind in ("next elsewhere", "next in a circle"):
        with double.failing(kind):
            assert (await admin.client.get("/api/patients?scope=admin")).json() == NOT_READY


async def test_health_says_that_the_server_is_away_and_the_service_goes_on(kit: ServiceKit, double: FhirServer) -> None:
    health = kit.anonymous
    await double.stop()
    try:
        await _until(health, available=False)
        ready = (await health.get("/health/ready")).json()["checks"]["clinical store"]
        assert ready == {"state": "ok", "available": False}
        assert (await health.get("/health/store")).json() == {"available": False, "error": "unreachable"}
    finally:
        await double.start()
    await _until(health, available=True)
    ready = (await health.get("/health/ready")).json()["checks"]["clinical store"]
    assert ready == {"state": "ok", "available": True}


async def _until(health: httpx.AsyncClient, *, available: bool) -> None:
    async with asyncio.timeout(60):
        # Another server comes and goes: there is nothing to wait on.
        while (await health.get("/health/store")).json()["available"] is not available:  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.05)


async def test_a_patient_of_the_wrong_shape_is_not_shown_and_not_left_out(
    kit: ServiceKit, double: FhirServer, clinician: Person
) -> None:
    oddities: list[dict[str, Any]] = [{"name": "Marsh"}, {"name": [{"family": 5}]}, {"identifier": [None]}]
    for number, odd in enumerate(oddities):
        double.put({"resourceType": "Patient", "id": f"odd-{number}", **odd})
        await kit.patient(f"odd-{number}", 7)
        assert (await clinician.client.get("/api/patients")).json() == NOT_READY
        assert _is_unavailable(await clinician.client.patch(f"/api/patients/odd-{number}", json={"mrn": "1"}))
        double.remove("Patient", f"odd-{number}")
        assert await _listed(clinician) == []


async def test_what_an_index_does_not_find_yet_is_read(
    double: FhirServer, clinician: Person, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    await keep_patient("p-2", 7)
    double.hidden.add("p-2")
    assert await _listed(clinician) == ["p-1", "p-2"]
    with double.failing("500", pattern="/p-2"):
        assert (await clinician.client.get("/api/patients")).json() == NOT_READY


async def test_who_was_deleted_at_the_server_is_not_listed_and_not_found(
    double: FhirServer, clinician: Person, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    await keep_patient("p-2", 7)
    double.remove("Patient", "p-1")
    assert await _listed(clinician) == ["p-2"]
    response = await clinician.client.get("/api/patients/p-1")
    assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})


async def test_a_change_by_another_client_is_kept(double: FhirServer, clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    present = double.present("Patient", "p-1")
    assert present is not None
    double.put({**present, "gender": "other"})
    changed = await clinician.client.patch("/api/patients/p-1", json={"mrn": "1"})
    assert (changed.json()["gender"], changed.headers["ETag"]) == ("other", 'W/"3"')
    stale = await clinician.client.patch("/api/patients/p-1", json={"mrn": "2"}, headers={"If-Match": 'W/"2"'})
    assert stale.status_code == 412


async def test_an_answer_lost_after_the_write_is_no_second_patient(kit: ServiceKit, double: FhirServer) -> None:
    admin = await kit.admin()
    with double.failing("answer lost", "PUT"):
        created = await admin.client.post("/api/patients", json={"given_name": "A", "family_name": "B"})
        assert created.status_code == 200
        changed = await admin.client.patch(f"/api/patients/{created.json()['id']}", json={"mrn": "1"})
    assert (changed.status_code, changed.headers["ETag"]) == (200, 'W/"2"')
    assert len(double.resources) == 1
    assert len(await kit.published("quill.patients.patient.created.v1")) == 1


async def test_one_nhs_number_many_times_at_once_is_one_patient(
    kit: ServiceKit, double: FhirServer, clinician: Person
) -> None:
    body = {"given_name": "A", "family_name": "B", "nhs_number": "943 476 5919"}
    answers = await asyncio.gather(*(clinician.client.post("/api/patients", json=body) for _ in range(12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 503}
    assert len(double.resources) == 1
    again = await clinician.client.post("/api/patients", json=body)
    assert (again.status_code, again.json()) == (409, {"detail": "Patient already exists"})


async def test_two_records_of_the_site_with_one_number_can_be_changed(
    kit: ServiceKit, double: FhirServer, clinician: Person, keep_patient: Any
) -> None:
    for patient_id in ("p-1", "p-2", "p-3"):
        await kit.patient(patient_id, 7)
        identifier = {"value": "x"} if patient_id == "p-3" else {"system": NHS, "value": "9434765919"}
        double.put({"resourceType": "Patient", "id": patient_id, "identifier": [identifier]})
    assert (await clinician.client.patch("/api/patients/p-1", json={"mrn": "1"})).status_code == 200
    taken = await clinician.client.patch("/api/patients/p-3", json={"nhs_number": "9434765919"})
    assert taken.status_code == 409
