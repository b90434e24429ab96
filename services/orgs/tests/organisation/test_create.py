"""Creating an organisation (contract 5.3)."""

import asyncio
from datetime import datetime

import pytest
from quill_common.testing.kit import Person, ServiceKit

KINDS = ["hospital_team", "gp_practice", "private_clinic", "department", "teaching_establishment"]
UNKNOWN_TYPE = (
    "Invalid organisation type. Must be one of: "
    "hospital_team, gp_practice, private_clinic, department, teaching_establishment"
)
PATH = "/api/organizations"


@pytest.mark.parametrize("kind", KINDS)
async def test_an_organisation_is_answered_as_it_is_stored_and_published(
    kit: ServiceKit, admin: Person, kind: str
) -> None:
    response = await admin.client.post(PATH, json={"name": "  St Mary's  ", "type": kind, "location": " London "})
    assert response.status_code == 200
    body = response.json()
    assert {**body, "created_at": None, "updated_at": None} == {
        "id": 1,
        "name": "St Mary's",
        "type": kind,
        "location": "London",
        "created_at": None,
        "updated_at": None,
    }
    assert datetime.fromisoformat(body["created_at"]).utcoffset() is not None
    assert body["created_at"] == body["updated_at"]
    [row] = await kit.read("SELECT name, type, location FROM organizations")
    assert row == {"name": "St Mary's", "type": kind, "location": "London"}
    assert await kit.published("quill.orgs.organisation.changed.v1") == [
        {"id": 1, "name": "St Mary's", "organisation_type": kind}
    ]


async def test_the_creator_does_not_become_a_member(kit: ServiceKit, admin: Person) -> None:
    await admin.client.post(PATH, json={"name": "Ward 7", "type": "department"})
    assert (await admin.client.get(f"{PATH}/1")).json()["staff_members"] == []
    assert await kit.published("quill.orgs.staff.added.v1") == []


@pytest.mark.parametrize("location", [None, "", "   "])
async def test_a_blank_location_is_none(admin: Person, location: str | None) -> None:
    body = {"name": "Ward 7", "type": "department", "location": location}
    assert (await admin.client.post(PATH, json=body)).json()["location"] is None


async def test_names_need_not_be_unique(kit: ServiceKit, admin: Person) -> None:
    body = {"name": "Ward 7", "type": "department"}
    both = await asyncio.gather(admin.client.post(PATH, json=body), admin.client.post(PATH, json=body))
    assert sorted(response.json()["id"] for response in both) == [1, 2]


@pytest.mark.parametrize("kind", ["hospital", "", "HOSPITAL_TEAM", " hospital_team", "x" * 10_000, "'; --"])
async def test_an_unknown_type_is_refused_before_anything_is_stored(kit: ServiceKit, admin: Person, kind: str) -> None:
    response = await admin.client.post(PATH, json={"name": "Ward 7", "type": kind})
    assert (response.status_code, response.json()) == (400, {"detail": UNKNOWN_TYPE})
    assert await kit.read("SELECT 1 FROM organizations") == []
    assert await kit.published() == []


GOOD = {"name": "Ward 7", "type": "department"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"type": "department"}, "name"),
        ({"name": "Ward 7"}, "type"),
        ({**GOOD, "name": ""}, "name"),
        ({**GOOD, "name": " \t\n"}, "name"),
        ({**GOOD, "name": "x" * 256}, "name"),
        ({**GOOD, "name": None}, "name"),
        ({**GOOD, "name": 7}, "name"),
        ({**GOOD, "name": ["Ward"]}, "name"),
        ({**GOOD, "name": "a\x00b"}, "name"),
        ({**GOOD, "type": None}, "type"),
        ({**GOOD, "type": "a\x00b"}, "type"),
        ({**GOOD, "location": "x" * 501}, "location"),
        ({**GOOD, "location": 7}, "location"),
        ({**GOOD, "location": "a\x00b"}, "location"),
        ({**GOOD, "id": 7}, "id"),
        ({**GOOD, "owner\x00": 7}, "owner\x00"),
    ],
)
async def test_a_body_that_does_not_fit_is_a_422_that_says_where(
    kit: ServiceKit, admin: Person, body: dict[str, object], place: str
) -> None:
    response = await admin.client.post(PATH, json=body)
    assert response.status_code == 422
    assert [problem["loc"] for problem in response.json()["detail"]] == [["body", place]]
    assert await kit.read("SELECT 1 FROM organizations") == []


async def test_a_lone_surrogate_is_a_422(admin: Person) -> None:
    for field in (b"name", b"type", b"location", b"\\ud800"):
        content = b'{"name": "Ward 7", "type": "department", "%s": "\\ud800"}' % field
        response = await admin.client.post(PATH, content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == 422, response.text


async def test_the_longest_values_are_taken(admin: Person) -> None:
    body = {"name": " " + "ß" * 255 + " ", "type": "department", "location": "🏥" * 500}
    answer = (await admin.client.post(PATH, json=body)).json()
    assert (answer["name"], answer["location"]) == ("ß" * 255, "🏥" * 500)


async def test_a_failing_commit_stores_and_publishes_nothing(kit: ServiceKit, admin: Person) -> None:
    async with kit.failing_commits("organizations"):
        response = await admin.client.post(PATH, json=GOOD, headers={"Idempotency-Key": "k"})
    assert response.status_code == 503
    assert await kit.read("SELECT 1 FROM organizations") == []
    assert await kit.published() == []
    assert (await admin.client.post(PATH, json=GOOD, headers={"Idempotency-Key": "k"})).status_code == 200


async def test_the_same_key_creates_once(kit: ServiceKit, admin: Person) -> None:
    key = {"Idempotency-Key": "creation-1"}
    first = await admin.client.post(PATH, json=GOOD, headers=key)
    again = await admin.client.post(PATH, json=GOOD, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await admin.client.post(PATH, json={**GOOD, "name": "Ward 8"}, headers=key)
    assert (other.status_code, other.json()["detail"]) == (422, "Idempotency-Key was used with a different request")
    assert len(await kit.read("SELECT 1 FROM organizations")) == 1
    assert len(await kit.published()) == 1


async def test_the_same_key_of_someone_else_is_another_key(kit: ServiceKit, admin: Person) -> None:
    key = {"Idempotency-Key": "creation-1"}
    second = await kit.admin()
    ids = [(await who.client.post(PATH, json=GOOD, headers=key)).json()["id"] for who in (admin, second)]
    assert ids == [1, 2]


async def test_the_same_key_many_times_at_once_creates_once(kit: ServiceKit, admin: Person) -> None:
    key = {"Idempotency-Key": "creation-1"}
    answers = await asyncio.gather(*(admin.client.post(PATH, json=GOOD, headers=key) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len(await kit.read("SELECT 1 FROM organizations")) == 1
