"""`/internal/organisations/{organisation_id}`: what `quill import-fhir` asks of orgs."""

import asyncio
from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit


async def test_the_operator_learns_whether_there_is_such_an_organisation(
    kit: ServiceKit, new_organisation: Any
) -> None:
    organisation = await new_organisation("Ward 7")
    operator = kit.service("operator")
    found = await operator.get(f"/internal/organisations/{organisation}")
    assert (found.status_code, found.json()) == (200, {"id": organisation, "name": "Ward 7"})
    missing = await operator.get("/internal/organisations/99")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Organisation not found"})
    assert (await operator.get(f"/internal/organisations/{2**63}")).status_code == 422


async def test_patients_who_are_no_members_become_members_once(kit: ServiceKit, new_organisation: Any) -> None:
    organisation = await new_organisation()
    await kit.patient("p-1")
    await kit.patient("p-2")
    url = f"/internal/organisations/{organisation}/patients"
    body = {"patient_ids": ["p-2", "p-1", "unknown", "p-1"]}
    first = await kit.service("operator").post(url, json=body)
    assert (first.status_code, first.json()) == (200, {"added": 2, "unknown": ["unknown"]})
    again = await kit.service("operator").post(url, json=body)
    assert again.json() == {"added": 0, "unknown": ["unknown"]}
    assert [event["patient_id"] for event in await kit.published("quill.orgs.patient.added.v1")] == ["p-1", "p-2"]
    rows = await kit.read("SELECT patient_id, is_primary FROM organisation_patient_member ORDER BY patient_id")
    assert rows == [{"patient_id": "p-1", "is_primary": False}, {"patient_id": "p-2", "is_primary": False}]


async def test_two_imports_at_once_add_each_patient_once(kit: ServiceKit, new_organisation: Any) -> None:
    organisation = await new_organisation()
    ids = [await kit.patient(f"p-{number}") for number in range(20)]
    url = f"/internal/organisations/{organisation}/patients"
    orders = (ids, ids[::-1], ids[10:] + ids[:10])
    answers = await asyncio.gather(
        *(kit.service("operator").post(url, json={"patient_ids": order}) for order in orders)
    )
    assert sum(answer.json()["added"] for answer in answers) == 20
    assert len(await kit.published("quill.orgs.patient.added.v1")) == 20


async def test_an_unknown_organisation_takes_nobody(kit: ServiceKit) -> None:
    await kit.patient("p-1")
    response = await kit.service("operator").post("/internal/organisations/99/patients", json={"patient_ids": ["p-1"]})
    assert (response.status_code, response.json()) == (404, {"detail": "Organisation not found"})
    assert await kit.published() == []


@pytest.mark.parametrize("body", [{}, {"patient_ids": "p-1"}, {"patient_ids": ["a b"]}, {"patient_ids": ["x"] * 1001}])
async def test_a_body_of_another_shape_is_refused(kit: ServiceKit, body: Any) -> None:
    response = await kit.service("operator").post("/internal/organisations/1/patients", json=body)
    assert response.status_code == 422


async def test_it_is_for_the_operator_only(kit: ServiceKit, admin: Person) -> None:
    for client, status in ((kit.anonymous, 401), (admin.client, 401), (kit.service("patients"), 403)):
        assert (await client.get("/internal/organisations/1")).status_code == status
        response = await client.post("/internal/organisations/1/patients", json={"patient_ids": []})
        assert response.status_code == status


async def test_a_commit_that_fails_adds_nobody(kit: ServiceKit, new_organisation: Any) -> None:
    organisation = await new_organisation()
    await kit.patient("p-1")
    url = f"/internal/organisations/{organisation}/patients"
    async with kit.failing_commits("organisation_patient_member"):
        response = await kit.service("operator").post(url, json={"patient_ids": ["p-1"]})
    assert response.status_code >= 500
    assert await kit.published("quill.orgs.patient.added.v1") == []
