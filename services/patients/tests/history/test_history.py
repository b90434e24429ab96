"""`GET /api/patients/{id}/history` and `.../history/{version}` (beyond the contract)."""

from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_patients.patient import deletion
from quill_patients.patient.builtin import BuiltInPatients

URL = "/api/patients/p-1/history"


@pytest.fixture
async def clinician(kit: ServiceKit) -> Person:
    return await kit.clinician(7)


async def _delete(kit: ServiceKit) -> None:
    async with kit.parts.units.open() as work:
        await deletion.delete(work, BuiltInPatients(), "p-1")


async def test_every_version_is_listed_as_it_was_newest_first(
    kit: ServiceKit, clinician: Person, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    first = (await clinician.client.get("/api/patients/p-1")).json()
    second = (await clinician.client.patch("/api/patients/p-1", json={"gender": "female"})).json()
    answer = await clinician.client.get(URL)
    assert answer.status_code == 200, answer.text
    versions = answer.json()["versions"]
    assert [version["resource"] for version in versions] == [second, first]
    assert [(version["version"], version["deleted"]) for version in versions] == [(2, False), (1, False)]
    for version in versions:
        assert version["last_updated"].endswith("Z")
        assert version["last_updated"][:19] == version["resource"]["meta"]["lastUpdated"][:19]
    assert answer.json()["next_cursor"] is None


async def test_one_version_is_the_record_of_then_with_its_tag(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    first = await clinician.client.get("/api/patients/p-1")
    await clinician.client.patch("/api/patients/p-1", json={"gender": "female"})
    answer = await clinician.client.get(f"{URL}/1")
    assert (answer.status_code, answer.text, answer.headers["etag"]) == (200, first.text, 'W/"1"')


async def test_it_is_read_in_pages(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for gender in ("female", "male", "other", "unknown"):
        await clinician.client.patch("/api/patients/p-1", json={"gender": gender})
    seen, cursor = [], ""
    while cursor is not None:
        page = (await clinician.client.get(f"{URL}?limit=2&cursor={cursor}")).json()
        seen += [version["version"] for version in page["versions"]]
        cursor = page["next_cursor"]
    assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("path", "status"),
    [("?cursor=nonsense", 400), ("?cursor=W10", 400), ("?limit=0", 422), ("/0", 422), ("/x", 422), (f"/{2**63}", 422)],
)
async def test_what_is_no_page_and_no_version_is_refused(
    clinician: Person, keep_patient: Any, path: str, status: int
) -> None:
    await keep_patient("p-1", 7)
    assert (await clinician.client.get(URL + path)).status_code == status


async def test_who_may_not_see_the_patient_sees_no_version_whether_there_is_one_or_not(
    kit: ServiceKit, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    for person in (await kit.clinician(8), await kit.person("patient", patient_id="p-2")):
        for patient in ("p-1", "unknown"):
            for path in ("", "/1", "/99"):
                answer = await person.client.get(f"/api/patients/{patient}/history{path}")
                assert (answer.status_code, answer.json()) == (403, {"detail": "Access denied"})
    assert (await kit.anonymous.get(URL)).status_code == 401


async def test_the_person_whose_record_it_is_and_admins_read_it(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for person in (await kit.person("patient", patient_id="p-1"), await kit.admin()):
        assert len((await person.client.get(URL)).json()["versions"]) == 1
        assert (await person.client.get(f"{URL}/1")).status_code == 200


async def test_what_is_not_there_is_told_to_who_may_know(kit: ServiceKit, clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    answer = await admin.client.get("/api/patients/unknown/history")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Patient not found"})
    answer = await clinician.client.get(f"{URL}/2")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Patient version not found"})


async def test_a_deleted_patient_keeps_the_history_and_its_end_is_in_it(
    kit: ServiceKit, clinician: Person, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    await _delete(kit)
    versions = (await clinician.client.get(URL)).json()["versions"]
    assert [(each["version"], each["deleted"], bool(each["resource"])) for each in versions] == [
        (2, True, False),
        (1, False, True),
    ]
    assert (await clinician.client.get(f"{URL}/1")).status_code == 200
    answer = await clinician.client.get(f"{URL}/2")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Patient was deleted in this version"})


async def test_a_page_costs_two_statements(kit: ServiceKit, clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for path in (URL, f"{URL}/1"):
        with kit.statements() as statements:
            await clinician.client.get(path)
        assert len([each for each in statements if "fhir_patient" in each]) == 1
