"""Reading and changing one's own competencies."""

from typing import Any

import pytest
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit

PATH = "/api/cbac/my-competencies"


async def test_everyone_reads_the_own_ones_resolved_and_sorted(people: People) -> None:
    ada = await people.visitor("patient", profession="educator")
    assert (await ada.client.get(PATH)).json() == {
        "user_id": ada.id,
        "username": ada.username,
        "base_profession": "educator",
        "additional_competencies": [],
        "removed_competencies": [],
        "final_competencies": ["manage_teaching_content", "view_teaching_analytics", "view_teaching_cases"],
    }


async def test_an_admin_changes_the_own_ones(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin", profession="receptionist")
    body = {"additional_competencies": ["manage_users", "interpret_ecg"], "removed_competencies": ["interpret_ecg"]}
    response = await admin.client.patch(PATH, json=body)
    assert response.status_code == 200
    assert response.json() == {
        "user_id": admin.id,
        "username": admin.username,
        "base_profession": "receptionist",
        **body,
        "final_competencies": ["access_clinic_admin", "manage_users"],
    }
    assert (await admin.client.get(PATH)).json() == response.json()
    event = (await kit.published("quill.auth.user.changed.v1"))[-1]
    assert event["competencies"] == ["access_clinic_admin", "manage_users"]


async def test_null_and_absent_leave_a_list_and_an_empty_one_empties(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    both = {"additional_competencies": ["manage_users"], "removed_competencies": ["certify_death"]}
    await admin.client.patch(PATH, json=both)
    kept = (await admin.client.patch(PATH, json={"additional_competencies": None})).json()
    assert {name: kept[name] for name in both} == both
    emptied = (await admin.client.patch(PATH, json={"removed_competencies": []})).json()
    assert emptied["additional_competencies"] == ["manage_users"]
    assert emptied["removed_competencies"] == []
    assert len(await kit.published("quill.auth.user.changed.v1")) == 2


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "staff"])
async def test_below_admin_nobody_changes_them(people: People, level: str) -> None:
    visitor = await people.visitor(level)
    response = await visitor.client.patch(PATH, json={"additional_competencies": ["fly"]})
    assert (response.status_code, response.json()) == (403, {"detail": "Requires admin or superadmin permissions"})


@pytest.mark.parametrize(
    "body",
    [
        {"additional_competencies": ["fly"]},
        {"removed_competencies": ["interpret_ecg", "fly"]},
        {"additional_competencies": "interpret_ecg"},
        {"additional_competencies": [1]},
        {"additional_competencies": ["a\x00"]},
        [],
    ],
)
async def test_unknown_competencies_are_a_422(kit: ServiceKit, people: People, body: Any) -> None:
    admin = await people.visitor("admin")
    assert (await admin.client.patch(PATH, json=body)).status_code == 422
    assert await kit.published("quill.auth.user.changed.v1") == []


async def test_a_commit_that_fails_changes_nothing(kit: ServiceKit, people: People) -> None:
    admin = await people.visitor("admin")
    async with kit.failing_commits("users"):
        response = await admin.client.patch(PATH, json={"additional_competencies": ["manage_users"]})
    assert response.status_code >= 500
    assert (await admin.client.get(PATH)).json()["additional_competencies"] == []
