"""`If-None-Exist`: created once, however many ask at once, and never by looking where the caller may not look."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

from .conftest import BASE, PATIENT, Door, expressions, outcome

BODY = {**PATIENT, "identifier": [{"system": "urn:mrn", "value": "M1"}]}
ONCE = {"If_None_Exist": "identifier=urn:mrn|M1"}


async def test_none_is_created_one_is_found_several_are_refused(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    admin = await kit.admin()
    created = await door(admin, "POST", "Patient", BODY, **ONCE)
    assert created.status_code == 201
    found = await door(admin, "POST", "Patient", {**BODY, "gender": "male"}, **ONCE)
    assert (found.status_code, found.content) == (200, created.content)
    assert found.headers["etag"] == 'W/"1"'
    assert found.headers["location"].endswith(f"/Patient/{created.json()['id']}")
    assert [entry["action"] for entry in await kit.audited()] == ["patient.create", "patient.read"]
    await keep_patient("p-2", 7, identifier=BODY["identifier"])
    several = await door(admin, "POST", "Patient", BODY, **ONCE)
    assert outcome(several) == (412, "conflict", "Several patients match If-None-Exist")
    assert len(await kit.published("quill.patients.patient.created.v1")) == 1


async def test_sixty_four_at_once_make_one(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    answers = await asyncio.gather(*(door(admin, "POST", "Patient", BODY, **ONCE) for _ in range(64)))
    assert sorted(answer.status_code for answer in answers) == [200] * 63 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await kit.published("quill.patients.patient.created.v1")) == 1


async def test_who_may_not_see_the_match_learns_nothing_of_it(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 8, identifier=BODY["identifier"])
    response = await door(await kit.clinician(7), "POST", "Patient", BODY, **ONCE)
    assert response.status_code == 201
    number = {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}]}
    await keep_patient("p-2", 8, **number)
    header = {"If_None_Exist": "identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919"}
    taken = await door(await kit.clinician(7), "POST", "Patient", {**PATIENT, **number}, **header)
    assert outcome(taken) == (409, "conflict", "Patient already exists")
    assert "p-2" not in taken.text


async def test_a_match_that_is_not_listed_counts(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    created = (await door(admin, "POST", "Patient", BODY, **ONCE)).json()["id"]
    await admin.client.post(f"/api/patients/{created}/deactivate")
    again = await door(admin, "POST", "Patient", BODY, **ONCE)
    assert (again.status_code, again.json()["id"]) == (200, created)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "colour=red",
        "identifier=urn:mrn|M1&colour=red",
        "_count=1",
        "gender=f",
        "name=",
        "identifier=&gender=female",
        "identifier=%20&gender=female",
    ],
)
async def test_a_condition_is_never_half_understood(kit: ServiceKit, door: Door, condition: str) -> None:
    response = await door(await kit.admin(), "POST", "Patient", BODY, If_None_Exist=condition)
    assert outcome(response)[:2] == (400, "invalid")
    assert expressions(response)
    assert await kit.published() == []


async def test_two_conditions_are_not_one(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, gender="female")
    headers = [("If-None-Exist", "gender=female"), ("If-None-Exist", "identifier=urn:mrn|M1")]
    sent = [("Content-Type", "application/fhir+json"), *headers]
    body = httpx.Request("POST", "http://x", json=BODY).content
    response = await (await kit.admin()).client.post(f"{BASE}/Patient", content=body, headers=sent)
    assert outcome(response)[:2] == (400, "invalid")
    assert expressions(response) == ["http.If-None-Exist"]


async def test_a_condition_in_the_address_is_not_ignored(kit: ServiceKit, door: Door) -> None:
    response = await door(await kit.admin(), "POST", "Patient?identifier=urn:mrn|M1&_format=json", BODY)
    assert outcome(response)[:2] == (400, "invalid")
    assert await kit.published() == []


async def test_an_address_before_the_condition_is_taken(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    for condition, status in (("Patient?identifier=urn:mrn%7CM1", 201), ("identifier=urn:mrn|M1&_format=json", 200)):
        assert (await door(admin, "POST", "Patient", BODY, If_None_Exist=condition)).status_code == status


@pytest.mark.store("built-in")  # what the other has written stays when a commit fails
async def test_after_a_failure_the_next_one_goes(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    async with kit.failing_commits("fhir_patient"):
        assert (await door(admin, "POST", "Patient", BODY, **ONCE)).status_code == 503
    assert (await door(admin, "POST", "Patient", BODY, **ONCE)).status_code == 201


async def test_a_repeat_of_a_match_is_judged_anew(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    """The answer of a creation is remembered for its key; that of a match would outlive the access to it."""
    number = {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}]}
    await keep_patient("p-1", 7, **number)
    clinician = await kit.clinician(7)
    asked = {"If_None_Exist": "identifier=9434765919", "Idempotency_Key": "k-1"}
    for _ in range(2):
        found = await door(clinician, "POST", "Patient", {**PATIENT, **number}, **asked)
        assert (found.status_code, found.json()["id"]) == (200, "p-1")
        assert found.headers["location"].endswith("/Patient/p-1")
    assert [(e["action"], e["patient_id"]) for e in await kit.audited()] == [("patient.read", "p-1")] * 2
    async with kit.parts.database.writer() as writer:
        await writer.execute(text("DELETE FROM access_staff"))
    repeat = await door(clinician, "POST", "Patient", {**PATIENT, **number}, **asked)
    assert outcome(repeat) == (409, "conflict", "Patient already exists")
    assert "p-1" not in repeat.text


async def test_a_repeat_of_a_creation_is_on_record_with_the_patient(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    for path, body in ((f"{BASE}/Patient", PATIENT), ("/api/patients", {"given_name": "Ida", "family_name": "Marsh"})):
        answers = [await admin.client.post(path, json=body, headers={"Idempotency-Key": path}) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        *_, first, repeat = await kit.audited()
        assert {first["patient_id"], repeat["patient_id"]} == {answers[0].json()["id"]}
        assert repeat["details"] == {"repeated": True}


async def test_only_creations_wait_for_each_other(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    """Whoever may read anything could otherwise hold up every conditional creation."""
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    await door(clinician, "POST", "Patient", BODY, **ONCE)
    async with asyncio.timeout(60), kit.app.state.conditional:
        for path in ("Patient", "Patient/p-1", "Patient/p-1/_history"):
            assert (await door(clinician, "GET", path, **ONCE)).status_code == 200
