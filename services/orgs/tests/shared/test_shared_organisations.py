"""Organisations that a caller and a patient have in common (contract 5.12)."""

import pytest
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text

PATH = "/api/patients/p1/shared-organisations"


@pytest.fixture(autouse=True)
async def _organisations(kit: ServiceKit) -> None:
    """Five organisations; the patient is in 1, 3 and 5."""
    sql = "INSERT INTO organizations (name, type) SELECT 'Ward ' || n, 'department' FROM generate_series(1, 5) AS n"
    await kit.write(text(sql))
    await kit.write(text("INSERT INTO organisation_patient_member SELECT n, 'p1' FROM unnest(ARRAY[1, 3, 5]) AS n"))
    await kit.patient("p1", 1, 3, 5)


async def work_in(kit: ServiceKit, person: Person, *organisations: int) -> Person:
    for organisation in organisations:
        row = {"organisation": organisation, "user_id": person.id}
        await kit.write(text("INSERT INTO organisation_staff_member VALUES (:organisation, :user_id)"), row)
    return person


async def shared(person: Person, path: str = PATH) -> list[dict[str, object]]:
    response = await person.client.get(path)
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"organisations"}
    return list(response.json()["organisations"])


@pytest.mark.parametrize("level", ["staff", "admin", "superadmin"])
async def test_staff_sees_what_is_shared_and_no_more(kit: ServiceKit, level: str) -> None:
    person = await work_in(kit, await kit.person(level), 5, 2, 3)
    assert await shared(person) == [
        {"id": 3, "name": "Ward 3", "type": "department"},
        {"id": 5, "name": "Ward 5", "type": "department"},
    ]


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "root"])
async def test_below_staff_nothing_is_shared(kit: ServiceKit, level: str) -> None:
    person = await work_in(kit, await kit.person(level, patient_id="p1"), 1, 3)
    await kit.grant(person, "p1")
    assert await shared(person) == []


async def test_an_admin_who_works_elsewhere_shares_nothing(kit: ServiceKit, admin: Person) -> None:
    assert await shared(await work_in(kit, admin, 2, 4)) == []


async def test_an_unknown_patient_shares_nothing_and_is_no_error(kit: ServiceKit) -> None:
    person = await work_in(kit, await kit.person(), 1)
    assert await shared(person, "/api/patients/p2/shared-organisations") == []


@pytest.mark.parametrize("patient_id", ["x" * 65, "a_b", "%00", "%ff", "a%20b"])
async def test_what_is_no_fhir_id_is_a_422(kit: ServiceKit, patient_id: str) -> None:
    person = await kit.person()
    response = await person.client.get(f"/api/patients/{patient_id}/shared-organisations")
    assert response.status_code == 422


async def test_a_membership_counts_from_the_answer_that_made_it_to_the_one_that_ended_it(
    kit: ServiceKit, admin: Person
) -> None:
    person = await kit.person()
    await admin.client.post("/api/organizations/1/staff", json={"user_id": person.id})
    assert [org["id"] for org in await shared(person)] == [1]
    await admin.client.delete("/api/organizations/1/patients/p1")
    assert await shared(person) == []


async def test_the_list_costs_two_statements_whatever_its_length(kit: ServiceKit) -> None:
    person = await work_in(kit, await kit.person(), 1)
    with kit.statements() as one:
        await shared(person)
    await work_in(kit, person, 3, 5)
    with kit.statements() as three:
        await shared(person)
    assert len(one) == len(three) == 2
