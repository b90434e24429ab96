"""An NHS number is one patient's, and a patient has one."""

from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit
from quill_patients.patient.nhs_number import current_numbers
from sqlalchemy import text

SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
NUMBER, OTHER = "9434765919", "9434765870"
EXISTS = (409, {"detail": "Patient already exists"})
EDITH = {"given_name": "Edith", "family_name": "Marsh"}


def _numbered(*values: str, **more: str) -> dict[str, Any]:
    return {"identifier": [{"system": SYSTEM, "value": value, **more} for value in values]}


def _answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("identifiers", "numbers"),
    [
        (_numbered("943 476 5919"), [NUMBER]),
        (_numbered(NUMBER, "943 476 5919"), [NUMBER]),
        (_numbered(NUMBER, use="official"), [NUMBER]),
        (_numbered(NUMBER, use="old"), []),
        (_numbered(NUMBER, OTHER), [NUMBER, OTHER]),
        (_numbered("unknown", "12345"), []),
        ({"identifier": [{"system": "urn:other", "value": NUMBER}, {"system": SYSTEM}]}, []),
        ({}, []),
    ],
)
def test_a_number_counts_when_it_is_one_and_not_old(identifiers: dict[str, Any], numbers: list[str]) -> None:
    assert current_numbers(identifiers) == numbers


async def test_a_second_patient_of_one_number_is_refused_and_nothing_is_told(
    kit: ServiceKit, keep_patient: Any
) -> None:
    await keep_patient("p-1", 8, **_numbered(NUMBER))
    clinician = await kit.clinician(7)
    body = {**EDITH, "nhs_number": "943 476 5919", "patient_id": "p-2"}
    assert _answer(await clinician.client.post("/api/patients", json=body)) == EXISTS
    assert (await kit.published(), await kit.read("SELECT id FROM fhir_patient_version")) == ([], [{"id": "p-1"}])
    assert (await clinician.client.post("/api/patients", json={**body, "nhs_number": OTHER})).status_code == 200


async def test_an_old_number_hinders_nobody(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, **_numbered(NUMBER, use="old"))
    await keep_patient("p-2", 7, **_numbered(NUMBER))
    assert len(await kit.read("SELECT id FROM fhir_patient")) == 2


async def test_no_change_takes_anothers_number(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 8, **_numbered(NUMBER))
    await keep_patient("p-2", 7, **_numbered(OTHER))
    client = (await kit.clinician(7)).client
    assert _answer(await client.patch("/api/patients/p-2", json={"nhs_number": NUMBER, "gender": "male"})) == EXISTS
    assert _answer(await client.put("/api/patients/p-2/demographics", json=_numbered(NUMBER))) == EXISTS
    assert await kit.published() == []
    assert [row["version"] for row in await kit.read("SELECT version FROM fhir_patient_version")] == [1, 1]
    assert (await client.patch("/api/patients/p-2", json={"nhs_number": OTHER, "gender": "male"})).status_code == 200


async def test_a_number_that_is_given_up_is_free(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, **_numbered(NUMBER))
    client = (await kit.clinician(7)).client
    assert (await client.patch("/api/patients/p-1", json={"nhs_number": OTHER})).status_code == 200
    assert (await client.post("/api/patients", json={**EDITH, "nhs_number": NUMBER})).status_code == 200


async def test_two_different_numbers_at_once_are_refused_by_name(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    client = (await kit.clinician(7)).client
    answer = await client.put("/api/patients/p-1/demographics", json=_numbered(NUMBER, OTHER))
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "identifier"]]


async def test_who_has_two_numbers_from_before_may_still_be_changed(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, **_numbered(NUMBER, OTHER))
    client = (await kit.clinician(7)).client
    assert (await client.patch("/api/patients/p-1", json={"gender": "male"})).status_code == 200
    assert (await client.patch("/api/patients/p-1", json={"nhs_number": OTHER})).status_code == 200
    assert await kit.read("SELECT nhs_number FROM fhir_patient") == [{"nhs_number": OTHER}]


async def test_who_shares_a_number_from_before_keeps_it_until_it_changes(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, **_numbered(NUMBER))
    await keep_patient("p-2", 7, **_numbered(OTHER))
    client = (await kit.clinician(7)).client
    async with kit.parts.database.writer() as writer:  # as the migration leaves them
        await writer.execute(text("UPDATE fhir_patient SET nhs_number_shared = true WHERE id = 'p-2'"))
        content = f"replace(content, '{OTHER}', '{NUMBER}')"
        await writer.execute(
            text(f"UPDATE fhir_patient SET nhs_number = '{NUMBER}', content = {content} WHERE id = 'p-2'")
        )
    assert (await client.patch("/api/patients/p-2", json={"gender": "male"})).status_code == 200
    assert (await client.patch("/api/patients/p-2", json={"nhs_number": OTHER})).status_code == 200
    assert _answer(await client.patch("/api/patients/p-2", json={"nhs_number": NUMBER})) == EXISTS


async def test_an_import_refuses_item_by_item(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, **_numbered(NUMBER))
    patients = [
        {"resourceType": "Patient", "id": "p-2", **_numbered(NUMBER)},
        {"resourceType": "Patient", "id": "p-3", **_numbered(OTHER)},
        {"resourceType": "Patient", "id": "p-4", **_numbered("9434765889", "9434765897")},
    ]
    response = await kit.service("operator").post("/internal/import/patients", json={"patients": patients})
    assert response.json()["results"] == [
        {"id": "p-2", "outcome": "refused", "reason": "another patient has this NHS number"},
        {"id": "p-3", "outcome": "created"},
        {"id": "p-4", "outcome": "refused", "reason": "identifier: more than one NHS number that is not old"},
    ]
