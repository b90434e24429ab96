"""What is there once is there once, and every version counts, however many come at the same moment."""

import asyncio
from collections import Counter
from typing import Any

from quill_common.testing.kit import ServiceKit

AT_ONCE = 64
EDITH = {"given_name": "Edith", "family_name": "Marsh"}


async def test_of_64_who_create_one_id_one_does(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bodies = ({**EDITH, "patient_id": "p-1"} for _ in range(AT_ONCE))
    answers = await asyncio.gather(*(admin.client.post("/api/patients", json=body) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: AT_ONCE - 1}
    assert await kit.read("SELECT id, version FROM fhir_patient_version") == [{"id": "p-1", "version": 1}]
    assert await kit.published() == [{"id": "p-1", "organisation_id": None}]


async def test_of_64_who_create_one_nhs_number_one_does(kit: ServiceKit) -> None:
    admin = await kit.admin()
    bodies = ({**EDITH, "patient_id": f"p-{n}", "nhs_number": "9434765919"} for n in range(AT_ONCE))
    answers = await asyncio.gather(*(admin.client.post("/api/patients", json=body) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: AT_ONCE - 1}
    [created] = [answer.json()["id"] for answer in answers if answer.status_code == 200]
    for table in ("fhir_patient", "fhir_patient_version", "access_patient"):
        assert await kit.read(f"SELECT id FROM {table}") == [{"id": created}]
    assert await kit.published() == [{"id": created, "organisation_id": None}]


async def test_of_16_who_take_one_number_by_a_change_one_does(kit: ServiceKit, keep_patient: Any) -> None:
    admin = await kit.admin()
    for number in range(16):
        await keep_patient(f"p-{number}")
    body = {"nhs_number": "9434765919"}
    answers = await asyncio.gather(*(admin.client.patch(f"/api/patients/p-{n}", json=body) for n in range(16)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 15}
    assert len(await kit.read("SELECT 1 FROM fhir_patient WHERE nhs_number IS NOT NULL")) == 1
    assert len(await kit.published()) == 1


async def test_of_two_with_one_tag_one_changes(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    client = (await kit.clinician(7)).client
    for version in range(1, 11):
        tag = {"If-Match": f'W/"{version}"'}
        changes = ({"mrn": f"M{version}a"}, {"mrn": f"M{version}b"})
        answers = await asyncio.gather(*(client.patch("/api/patients/p-1", json=c, headers=tag) for c in changes))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
    rows = await kit.read("SELECT version FROM fhir_patient_version ORDER BY version")
    assert [row["version"] for row in rows] == list(range(1, 12))


async def test_16_writers_of_10_changes_each_leave_161_versions_without_a_hole(
    kit: ServiceKit, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    client = (await kit.clinician(7)).client

    async def change(writer: int) -> list[int]:
        """The versions that this writer's changes became."""
        made = []
        for number in range(10):
            answer = await client.patch("/api/patients/p-1", json={"mrn": f"M{writer}-{number}"})
            made.append(int(answer.json()["meta"]["versionId"]))
        return made

    made = await asyncio.gather(*(change(writer) for writer in range(16)))
    assert sorted(version for each in made for version in each) == list(range(2, 162))
    rows = await kit.read("SELECT version FROM fhir_patient_version ORDER BY version")
    assert [row["version"] for row in rows] == list(range(1, 162))
    assert sorted(event["version"] for event in await kit.published()) == list(range(2, 162))
