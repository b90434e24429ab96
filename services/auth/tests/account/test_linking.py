"""PATCH /api/users/{user_id}/link-patient (contract 4.16)."""

import asyncio

import pytest
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit


def _path(user_id: int) -> str:
    return f"/api/users/{user_id}/link-patient"


async def _linked(kit: ServiceKit, user_id: int) -> str | None:
    (row,) = await kit.read("SELECT fhir_patient_id FROM users WHERE id = :id", id=user_id)
    patient_id: str | None = row["fhir_patient_id"]
    return patient_id


async def test_an_admin_links_an_account_and_everyone_hears_of_it(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    user_id, _ = await people.account("patient")
    await kit.patient("p-1")
    for _ in range(2):
        answer = await admin.client.patch(_path(user_id), json={"fhir_patient_id": " p-1 "})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"user_id": user_id, "fhir_patient_id": "p-1"}
    told = [event for event in await kit.published("quill.auth.user.changed.v1") if event["id"] == user_id]
    assert [event["patient_id"] for event in told] == ["p-1"]
    assert await kit.read("SELECT patient_id FROM access_user WHERE id = :id", id=user_id) == [{"patient_id": "p-1"}]


async def test_nobody_links_an_account_above_the_own_level(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    root, _ = await people.account("superadmin")
    await kit.patient("p-1")
    answer = await admin.client.patch(_path(root), json={"fhir_patient_id": "p-1"})
    assert (answer.status_code, answer.json()) == (403, {"detail": "Cannot change a user above your own level"})
    assert await _linked(kit, root) is None


async def test_another_patient_replaces_the_link(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    user_id, _ = await people.account("patient")
    for patient in ("p-1", "p-2"):
        await kit.patient(patient)
        assert (await admin.client.patch(_path(user_id), json={"fhir_patient_id": patient})).status_code == 200
    assert await kit.read("SELECT fhir_patient_id FROM users WHERE id = :id", id=user_id) == [
        {"fhir_patient_id": "p-2"}
    ]


async def test_one_patient_has_one_account_also_when_two_ask_at_once(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    await kit.patient("p-1")
    accounts = [(await people.account("patient"))[0] for _ in range(8)]
    answers = await asyncio.gather(
        *(admin.client.patch(_path(user_id), json={"fhir_patient_id": "p-1"}) for user_id in accounts)
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json() == {"detail": "FHIR patient already linked to another user"}


@pytest.mark.parametrize("body", [{}, {"fhir_patient_id": ""}, {"fhir_patient_id": "  "}])
async def test_a_missing_id_is_refused_with_a_sentence(people: People, body: dict[str, str]) -> None:
    admin = await people.visitor("admin")
    answer = await admin.client.patch(_path(admin.id), json=body)
    assert (answer.status_code, answer.json()) == (422, {"detail": "fhir_patient_id is required"})


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"fhir_patient_id": 5},
        {"fhir_patient_id": "p", "more": 1},
        {"fhir_patient_id": "a\x00"},
        {"fhir_patient_id": "x" * 256},
    ],
)
async def test_what_is_not_an_object_of_strings_is_refused_with_the_place(people: People, body: object) -> None:
    admin = await people.visitor("admin")
    answer = await admin.client.patch(_path(admin.id), json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"


async def test_only_known_accounts_and_patients_can_be_linked(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    unknown = await admin.client.patch(_path(2**40), json={"fhir_patient_id": "p-1"})
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "User not found"})
    nobody = await admin.client.patch(_path(admin.id), json={"fhir_patient_id": "p-1"})
    assert (nobody.status_code, nobody.json()) == (404, {"detail": "Patient not found"})


@pytest.mark.parametrize("level", ["patient", "staff", "external_hcp", "patient_advocate"])
async def test_who_is_no_admin_is_refused_before_the_body_is_read(people: People, level: str) -> None:
    visitor = await people.visitor(level)
    answer = await visitor.client.patch(_path(visitor.id), json=[])
    assert (answer.status_code, answer.json()) == (403, {"detail": "Admin only"})


async def test_a_commit_that_fails_links_nothing(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    await kit.patient("p-1")
    async with kit.failing_commits("users"):
        answer = await admin.client.patch(_path(admin.id), json={"fhir_patient_id": "p-1"})
    assert answer.status_code == 503
    assert await kit.read("SELECT fhir_patient_id FROM users WHERE id = :id", id=admin.id) == [
        {"fhir_patient_id": None}
    ]
