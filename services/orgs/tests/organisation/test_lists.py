"""The two lists of organisations and the page of one (contract 5.1, 5.2, 5.4)."""

import base64
from datetime import datetime

import httpx
import pytest
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text

BOTH = ["/api/organizations", "/api/auth/organizations"]


async def many(kit: ServiceKit, count: int) -> None:
    await kit.write(
        text(
            "INSERT INTO organizations (name, type) "
            "SELECT 'Organisation ' || n, 'gp_practice' FROM generate_series(1, :count) AS n"
        ),
        {"count": count},
    )


async def test_an_admin_sees_all_organisations_by_id(kit: ServiceKit, admin: Person) -> None:
    await many(kit, 3)
    created = await admin.client.post("/api/organizations", json={"name": "Ward", "type": "department"})
    response = await admin.client.get("/api/organizations")
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert [org["id"] for org in body["organizations"]] == [1, 2, 3, 4]
    assert body["next_cursor"] is None
    listed, made = body["organizations"][-1], created.json()
    assert listed.keys() == {"id", "name", "type", "location", "created_at", "updated_at"}
    assert datetime.fromisoformat(listed["created_at"]) == datetime.fromisoformat(made["created_at"])
    assert datetime.fromisoformat(listed["created_at"]).utcoffset() is not None
    times = {"created_at": None, "updated_at": None}
    assert {**listed, **times} == {**made, **times}


async def test_anyone_sees_names_and_nothing_else(kit: ServiceKit) -> None:
    await many(kit, 2)
    for client in (kit.anonymous, kit.client("not.a.token"), (await kit.person("patient")).client):
        assert (await client.get("/api/auth/organizations")).json() == {
            "organizations": [{"id": 1, "name": "Organisation 1"}, {"id": 2, "name": "Organisation 2"}],
            "next_cursor": None,
        }


@pytest.mark.parametrize("path", BOTH)
async def test_no_organisations_are_an_empty_list(admin: Person, path: str) -> None:
    assert (await admin.client.get(path)).json() == {"organizations": [], "next_cursor": None}


@pytest.mark.parametrize("path", BOTH)
async def test_pages_follow_each_other_without_gap_or_repeat(kit: ServiceKit, admin: Person, path: str) -> None:
    await many(kit, 7)
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await admin.client.get(path, params=query)).json()
        seen.append([org["id"] for org in page["organizations"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await many(kit, 1)  # an insert while paging comes at the end
    assert seen[:2] == [[1, 2, 3], [4, 5, 6]]
    assert [number for page in seen for number in page] == list(range(1, 10))


@pytest.mark.parametrize("path", BOTH)
async def test_without_a_limit_a_thousand_are_shown_and_the_rest_is_told(
    kit: ServiceKit, admin: Person, path: str
) -> None:
    await many(kit, 1001)
    first = (await admin.client.get(path)).json()
    assert (len(first["organizations"]), first["next_cursor"] is not None) == (1000, True)
    rest = (await admin.client.get(path, params={"cursor": first["next_cursor"]})).json()
    assert ([org["id"] for org in rest["organizations"]], rest["next_cursor"]) == ([1001], None)


def _cursor(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


FOREIGN = ["x", "!!!", "é", _cursor(b"{}"), _cursor(b"[]"), _cursor(b'["1"]'), _cursor(b"[1,2]"), _cursor(b"[1.5]")]
FOREIGN += [_cursor(b"[true]"), _cursor(b"[null]"), _cursor(b"[9223372036854775808]"), _cursor(b"[" * 2000)]


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("cursor", FOREIGN)
async def test_a_cursor_that_is_not_ours_is_refused(admin: Person, path: str, cursor: str) -> None:
    response = await admin.client.get(path, params={"cursor": cursor})
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid cursor"})


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "9" * 30])
async def test_a_limit_out_of_bounds_is_a_422(admin: Person, path: str, limit: str) -> None:
    response = await admin.client.get(path, params={"limit": limit})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "limit"]


@pytest.mark.parametrize("path", BOTH)
async def test_a_list_costs_the_same_statements_whatever_its_length(kit: ServiceKit, admin: Person, path: str) -> None:
    await many(kit, 1)
    with kit.statements() as few:
        await admin.client.get(path)
    await many(kit, 200)
    with kit.statements() as many_rows:
        await admin.client.get(path)
    assert len(few) == len(many_rows) == (2 if path == "/api/organizations" else 1)


async def detail(admin: Person, org_id: int = 1) -> httpx.Response:
    return await admin.client.get(f"/api/organizations/{org_id}")


async def test_one_organisation_shows_its_members(kit: ServiceKit, admin: Person) -> None:
    await many(kit, 2)
    first, second = await kit.person(), await kit.admin()
    for org, person in ((2, first), (1, second), (1, first)):
        await admin.client.post(f"/api/organizations/{org}/staff", json={"user_id": person.id})
    for patient in ("p2", "p1"):
        await kit.patient(patient)
        await admin.client.post("/api/organizations/1/patients", json={"patient_id": patient})
    body = (await detail(admin)).json()
    assert body.keys() >= {"id", "name", "type", "location", "created_at", "updated_at"}
    assert (body["id"], body["name"], body["location"]) == (1, "Organisation 1", None)
    assert (body["staff_count"], body["patient_count"]) == (2, 2)
    assert body["staff_members"] == [
        {"id": first.id, "username": first.username, "email": f"{first.username}@example.org", "is_primary": False},
        {"id": second.id, "username": second.username, "email": f"{second.username}@example.org", "is_primary": True},
    ]
    assert body["patient_members"] == [
        {"patient_id": "p1", "is_primary": False},
        {"patient_id": "p2", "is_primary": False},
    ]


@pytest.mark.parametrize("org_id", [1, 0, -5, 2**63 - 1])
async def test_a_missing_organisation_is_a_404_in_american_spelling(admin: Person, org_id: int) -> None:
    response = await detail(admin, org_id)
    assert (response.status_code, response.json()) == (404, {"detail": "Organization not found"})


async def test_members_are_never_paged_and_cost_no_more_statements(kit: ServiceKit, admin: Person) -> None:
    await many(kit, 1)
    with kit.statements() as none:
        await detail(admin)
    for statement in (
        "INSERT INTO access_user (id, username, email, level, roles, competencies, is_active) "
        "SELECT n, 'u' || n, 'e', 'staff', '{}', '{}', true FROM generate_series(1000001, 1001201) AS n",
        "INSERT INTO organisation_staff_member SELECT 1, n, true FROM generate_series(1000001, 1001201) AS n",
        "INSERT INTO organisation_patient_member SELECT 1, 'p' || n, false FROM generate_series(1000001, 1001201) AS n",
    ):
        await kit.write(text(statement))
    with kit.statements() as all_of_them:
        body = (await detail(admin)).json()
    assert (body["staff_count"], len(body["staff_members"])) == (1201, 1201)
    assert (body["patient_count"], len(body["patient_members"])) == (1201, 1201)
    assert len(none) == len(all_of_them) == 4
