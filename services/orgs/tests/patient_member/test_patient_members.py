"""Patients of an organisation (contract 5.8 and 5.9)."""

import asyncio

import pytest
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text

PATH = "/api/organizations/1/patients"
ROWS = "SELECT organisation_id, patient_id, is_primary FROM organisation_patient_member"
PROJECTED = "SELECT organisation_id, patient_id FROM access_patient_member"
ALREADY = (409, {"detail": "Patient is already a member of this organisation"})


@pytest.fixture(autouse=True)
async def _organisation_and_patient(kit: ServiceKit) -> None:
    await kit.write(text("INSERT INTO organizations (name, type) VALUES ('Ward 7', 'department')"))
    await kit.patient("p1")


async def add(admin: Person, patient_id: object, path: str = PATH, key: str | None = None) -> tuple[int, object]:
    headers = {"Idempotency-Key": key} if key else {}
    response = await admin.client.post(path, json={"patient_id": patient_id}, headers=headers)
    return response.status_code, response.json()


async def remove(admin: Person, patient_id: str, path: str = PATH) -> tuple[int, object]:
    response = await admin.client.delete(f"{path}/{patient_id}")
    return response.status_code, response.json()


async def test_an_added_patient_is_a_member_and_not_primary(kit: ServiceKit, admin: Person) -> None:
    assert await add(admin, "p1") == (200, {"organisation_id": 1, "patient_id": "p1"})
    assert await kit.read(ROWS) == [{"organisation_id": 1, "patient_id": "p1", "is_primary": False}]
    assert await kit.published("quill.orgs.patient.added.v1") == [{"organisation_id": 1, "patient_id": "p1"}]
    assert await kit.read(PROJECTED) == [{"organisation_id": 1, "patient_id": "p1"}]


async def test_an_inactive_patient_can_be_added(kit: ServiceKit, admin: Person) -> None:
    await kit.write(text("UPDATE access_patient SET is_active = false"))
    assert (await add(admin, "p1"))[0] == 200


@pytest.mark.parametrize("patient_id", ["p2", "", " p1", "P1", "'; --", "x" * 255, "🏥", "../p1"])
async def test_what_is_no_patient_is_not_found(kit: ServiceKit, admin: Person, patient_id: str) -> None:
    assert await add(admin, patient_id) == (404, {"detail": "Patient not found"})
    assert await kit.read(ROWS) == []


@pytest.mark.parametrize("org_id", [2, 0, -1, 2**63 - 1])
async def test_a_missing_organisation_is_not_found_in_american_spelling(admin: Person, org_id: int) -> None:
    for patient_id in ("p1", "p2"):
        answer = await add(admin, patient_id, f"/api/organizations/{org_id}/patients")
        assert answer == (404, {"detail": "Organization not found"})


@pytest.mark.parametrize("patient_id", [None, 7, True, [], {}, "x" * 256, "p1\x00"])
async def test_a_patient_id_that_is_none_is_a_422(kit: ServiceKit, admin: Person, patient_id: object) -> None:
    assert (await add(admin, patient_id))[0] == 422
    assert await kit.read(ROWS) == []


async def test_a_lone_surrogate_or_an_unknown_field_is_a_422(admin: Person) -> None:
    for content in (b'{"patient_id": "\\udfff"}', b'{"patient_id": "p1", "is_primary": true}', b"{}"):
        response = await admin.client.post(PATH, content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == 422, response.text


async def test_a_member_cannot_be_added_again_not_even_at_once(kit: ServiceKit, admin: Person) -> None:
    answers = await asyncio.gather(*(add(admin, "p1") for _ in range(8)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 7
    assert [answer for answer in answers if answer[0] == 409] == [ALREADY] * 7
    assert await add(admin, "p1") == ALREADY
    assert len(await kit.published()) == len(await kit.read(ROWS)) == 1


async def test_the_same_key_adds_once_and_answers_the_same(kit: ServiceKit, admin: Person) -> None:
    await kit.patient("p2")
    answer = await add(admin, "p1", key="k")
    assert await add(admin, "p1", key="k") == answer == (200, {"organisation_id": 1, "patient_id": "p1"})
    assert (await add(admin, "p2", key="k"))[0] == 422
    assert len(await kit.published()) == 1


async def test_a_removed_patient_is_no_member_any_more(kit: ServiceKit, admin: Person, clinical_off: None) -> None:
    await kit.write(text("INSERT INTO organisation_patient_member VALUES (1, 'p1', true)"))
    await kit.write(text("INSERT INTO access_patient_member (organisation_id, patient_id) VALUES (1, 'p1')"))
    assert await remove(admin, "p1") == (200, {"status": "removed"})
    assert await kit.published() == [{"organisation_id": 1, "patient_id": "p1"}]
    assert await kit.read(ROWS) == await kit.read(PROJECTED) == []
    assert await remove(admin, "p1") == (404, {"detail": "Membership not found"})


async def test_what_is_no_membership_is_not_found(admin: Person) -> None:
    for path in (PATH, "/api/organizations/2/patients", f"/api/organizations/{2**63 - 1}/patients"):
        assert await remove(admin, "p1", path) == (404, {"detail": "Membership not found"})


@pytest.mark.parametrize("patient_id", ["x" * 65, "a_b", "a%20b", "%C3%A9", "%00", "%ff", "p1%0A"])
async def test_a_path_that_is_no_fhir_id_is_a_422(admin: Person, patient_id: str) -> None:
    assert (await remove(admin, patient_id))[0] == 422


async def test_of_the_same_removal_many_times_at_once_one_removes(kit: ServiceKit, admin: Person) -> None:
    await add(admin, "p1")
    answers = await asyncio.gather(*(remove(admin, "p1") for _ in range(6)))
    assert sorted(status for status, _ in answers) == [200] + [404] * 5
    assert len(await kit.published("quill.orgs.patient.removed.v1")) == 1


async def test_additions_and_removals_at_once_are_published_in_their_order(kit: ServiceKit, admin: Person) -> None:
    await asyncio.gather(*(step(admin, "p1") for _ in range(6) for step in (add, remove)))
    events = await kit.read("SELECT type FROM outbox ORDER BY id")
    kinds = [row["type"].split(".")[3] for row in events]
    assert kinds == (["added", "removed"] * len(kinds))[: len(kinds)]
    assert len(await kit.read(ROWS)) == len(await kit.read(PROJECTED)) == len(kinds) % 2


async def test_a_failing_commit_changes_and_publishes_nothing(kit: ServiceKit, admin: Person) -> None:
    async with kit.failing_commits("organisation_patient_member"):
        assert (await add(admin, "p1"))[0] == 503
    assert await kit.read(ROWS) == await kit.read(PROJECTED) == await kit.published() == []
    await add(admin, "p1")
    async with kit.failing_commits("outbox"):
        assert (await remove(admin, "p1"))[0] == 503
    assert len(await kit.read(ROWS)) == len(await kit.read(PROJECTED)) == len(await kit.published()) == 1
