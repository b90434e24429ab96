"""Changing an organisation (contract 5.5)."""

import asyncio
from datetime import datetime

import pytest
from quill_common.testing.kit import Person, ServiceKit

PATH = "/api/organizations/1"


@pytest.fixture(autouse=True)
async def _organisation(admin: Person) -> None:
    body = {"name": "Ward 7", "type": "department", "location": "Leeds"}
    assert (await admin.client.post("/api/organizations", json=body)).status_code == 200


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"name": " Ward 8 "}, {"name": "Ward 8"}),
        ({"type": "gp_practice"}, {"type": "gp_practice"}),
        ({"location": " York "}, {"location": "York"}),
        ({"location": ""}, {"location": None}),
        ({"location": "  "}, {"location": None}),
        ({"name": "Ward 9", "type": None, "location": None}, {"name": "Ward 9"}),
        ({"name": "Ward 9", "type": ""}, {"name": "Ward 9"}),
    ],
)
async def test_what_is_given_changes_and_the_rest_stays(
    kit: ServiceKit, admin: Person, body: dict[str, object], changed: dict[str, object]
) -> None:
    before = (await admin.client.get(PATH)).json()
    response = await admin.client.put(PATH, json=body)
    after = response.json()
    assert response.status_code == 200
    stays = {"id": 1, "name": "Ward 7", "type": "department", "location": "Leeds", "created_at": before["created_at"]}
    assert after == {**stays, **changed, "updated_at": after["updated_at"]}
    assert datetime.fromisoformat(after["updated_at"]) > datetime.fromisoformat(before["updated_at"])
    published = (await kit.published("quill.orgs.organisation.changed.v1"))[1:]
    assert published == [{"id": 1, "name": after["name"], "organisation_type": after["type"]}]


@pytest.mark.parametrize("body", [{}, {"name": None, "type": None, "location": None}, {"type": ""}])
async def test_a_change_of_nothing_is_no_change(kit: ServiceKit, admin: Person, body: dict[str, object]) -> None:
    before = (await admin.client.get(PATH)).json()
    response = await admin.client.put(PATH, json=body)
    assert response.status_code == 200
    assert response.json()["updated_at"] == before["updated_at"]
    assert len(await kit.published()) == 1


@pytest.mark.parametrize("org_id", [2, 0, -1, 2**63 - 1])
@pytest.mark.parametrize("body", [{"name": "Ward 8"}, {}])
async def test_a_missing_organisation_is_a_404_in_british_spelling(
    kit: ServiceKit, admin: Person, org_id: int, body: dict[str, object]
) -> None:
    response = await admin.client.put(f"/api/organizations/{org_id}", json=body)
    assert (response.status_code, response.json()) == (404, {"detail": "Organisation not found"})
    assert len(await kit.published()) == 1


async def test_an_unknown_type_is_refused_and_changes_nothing(kit: ServiceKit, admin: Person) -> None:
    before = (await admin.client.get(PATH)).json()
    response = await admin.client.put(PATH, json={"name": "Ward 8", "type": "hospital"})
    assert response.status_code == 400
    assert response.json()["detail"].startswith("Invalid organisation type. Must be one of: hospital_team, ")
    assert (await admin.client.get(PATH)).json() == before


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": 1}, "name"),
        ({"location": "x" * 501}, "location"),
        ({"location": {}}, "location"),
        ({"type": 3}, "type"),
        ({"id": 3}, "id"),
        ({"updated_at": None}, "updated_at"),
    ],
)
async def test_a_body_that_does_not_fit_is_a_422(
    kit: ServiceKit, admin: Person, body: dict[str, object], place: str
) -> None:
    response = await admin.client.put(PATH, json=body)
    assert response.status_code == 422
    assert {tuple(problem["loc"]) for problem in response.json()["detail"]} == {("body", place)}
    assert len(await kit.published()) == 1


async def test_a_failing_commit_changes_and_publishes_nothing(kit: ServiceKit, admin: Person) -> None:
    before = (await admin.client.get(PATH)).json()
    async with kit.failing_commits("organizations"):
        assert (await admin.client.put(PATH, json={"name": "Ward 8"})).status_code == 503
    assert (await admin.client.get(PATH)).json() == before
    assert len(await kit.published()) == 1


async def test_of_two_changes_at_once_the_last_published_is_the_one_that_stands(kit: ServiceKit, admin: Person) -> None:
    names = [f"Ward {number}" for number in range(10, 18)]
    await asyncio.gather(*(admin.client.put(PATH, json={"name": name}) for name in names))
    stands = (await admin.client.get(PATH)).json()["name"]
    assert (await kit.published())[-1]["name"] == stands
