"""An admin who tries to become more, and bodies that name columns they may not set."""

from typing import Any

import pytest
from quill_auth.testing.people import PASSWORD, People, Visitor
from quill_common.testing.kit import ServiceKit

GRANT = {"detail": "Cannot grant permissions above your own"}
ABOVE = {"detail": "Cannot change a user above your own level"}

STOLEN = {
    "id": 4242,
    "user_id": 4242,
    "is_active": False,
    "password_hash": "$argon2id$stolen",
    "totp_secret": "JBSWY3DPEHPK3PXP",
    "is_totp_enabled": True,
    "totp_enabled": True,
    "fhir_patient_id": "p-stolen",
    "patient_id": "p-stolen",
    "level": "superadmin",
    "permission_level": "superadmin",
    "competencies": ["prescribe_controlled_schedule_2"],
    "professional_registrations": {"gmc": "1"},
    "created_at": "1970-01-01T00:00:00Z",
    "detail": "x",
    "__class__": "x",
}
"""Every column of an account under its own names and under those it has elsewhere; none is anybody's to set here."""

_PROTECTED = (
    "id, is_active, totp_secret, is_totp_enabled, fhir_patient_id, system_permissions, professional_registrations"
)
NEW = {"name": "New Person", "username": "new", "email": "new@example.org", "password": PASSWORD}


@pytest.fixture
async def admin(people: People) -> Visitor:
    return await people.visitor("admin")


@pytest.fixture
async def root(people: People) -> Visitor:
    return await people.visitor("superadmin")


async def accounts(kit: ServiceKit) -> list[dict[str, Any]]:
    """Every account as stored, with its roles."""
    sql = """
        SELECT users.*, array(SELECT role_id FROM user_role WHERE user_id = users.id ORDER BY 1) AS roles
        FROM users ORDER BY id
    """
    return await kit.read(sql)


ABOVE_ONESELF = [
    ("PATCH", "/api/users/{root}", {"password": "a quiet Monday"}, ABOVE),
    ("PATCH", "/api/users/{root}", {"email": "mine@example.org"}, ABOVE),
    ("PATCH", "/api/users/{root}", {"username": "mine"}, ABOVE),
    ("PATCH", "/api/users/{root}", {"roles": []}, ABOVE),
    ("PATCH", "/api/users/{root}", {"additional_competencies": []}, ABOVE),
    ("PATCH", "/api/users/{root}", {"removed_competencies": ["manage_users"]}, ABOVE),
    ("PATCH", "/api/users/{root}", {"base_profession": "patient"}, ABOVE),
    ("PATCH", "/api/users/{root}", {"system_permissions": "patient"}, ABOVE),
    ("PATCH", "/api/users/{root}", {}, ABOVE),
    ("PATCH", "/api/users/{root}/link-patient", {"fhir_patient_id": "p-1"}, ABOVE),
    ("POST", "/api/users/{root}/deactivate", None, ABOVE),
    ("POST", "/api/users/{root}/activate", None, ABOVE),
    ("GET", "/api/users/{root}/sessions", None, ABOVE),
    ("DELETE", "/api/users/{root}/sessions", None, ABOVE),
    ("DELETE", "/api/users/{root}/sessions/{session}", None, ABOVE),
    ("POST", "/api/users", {**NEW, "system_permissions": "superadmin"}, GRANT),
    ("PATCH", "/api/users/{admin}", {"system_permissions": "superadmin"}, GRANT),
    ("PATCH", "/api/users/{ben}", {"system_permissions": "superadmin", "password": "a quiet Monday"}, GRANT),
]


@pytest.mark.parametrize(("method", "path", "body", "refusal"), ABOVE_ONESELF)
async def test_an_admin_reaches_nobody_and_nothing_above(
    kit: ServiceKit,
    people: People,
    admin: Visitor,
    root: Visitor,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    refusal: dict[str, str],
) -> None:
    ben, _ = await people.account("staff")
    await kit.patient("p-1")
    before = await accounts(kit)
    ids = {"root": root.id, "admin": admin.id, "ben": ben, "session": await people.session_of(root)}
    response = await admin.client.request(method, path.format(**ids), json=body)
    assert (response.status_code, response.json()) == (403, refusal)
    assert await accounts(kit) == before
    assert (await root.client.get("/api/auth/me")).status_code == 200


@pytest.mark.parametrize(
    "level", ["Superadmin", "SUPERADMIN", "super admin", "superadmin\u200b", "root", "admin,superadmin"]
)
async def test_no_spelling_of_a_level_climbs(kit: ServiceKit, admin: Visitor, level: str) -> None:
    before = await accounts(kit)
    own = await admin.client.patch(f"/api/users/{admin.id}", json={"system_permissions": level})
    made = await admin.client.post("/api/users", json={**NEW, "system_permissions": level})
    assert (own.status_code, made.status_code) == (422, 422)
    assert await accounts(kit) == before


@pytest.mark.parametrize("level", [["superadmin"], {"in": "superadmin"}, 3, True])
async def test_no_shape_of_a_level_climbs(kit: ServiceKit, admin: Visitor, level: Any) -> None:
    before = await accounts(kit)
    assert (await admin.client.patch(f"/api/users/{admin.id}", json={"system_permissions": level})).status_code == 422
    assert (await admin.client.post("/api/users", json={**NEW, "system_permissions": level})).status_code == 422
    assert await accounts(kit) == before


async def test_a_level_given_twice_counts_as_what_is_checked(kit: ServiceKit, admin: Visitor) -> None:
    twice = b'{"system_permissions": "superadmin", "system_permissions": "admin"}'
    back = b'{"system_permissions": "admin", "system_permissions": "superadmin"}'
    headers = {"content-type": "application/json"}
    for content in (twice, back):
        await admin.client.patch(f"/api/users/{admin.id}", content=content, headers=headers)
        assert {row["system_permissions"] for row in await accounts(kit)} == {"admin"}


async def test_no_role_makes_anyone_an_admin(people: People) -> None:
    ben = await people.visitor("staff", roles=("System Administrator", "Clinical Administrator"))
    for method, path in (("GET", "/api/users"), ("POST", "/api/users"), ("DELETE", f"/api/users/{ben.id}/sessions")):
        assert (await ben.client.request(method, path, json={})).status_code == 403


async def test_a_new_account_takes_only_what_creating_names(kit: ServiceKit, admin: Visitor) -> None:
    response = await admin.client.post("/api/users", json={**STOLEN, **NEW})
    assert response.status_code == 200
    [new] = [row for row in await kit.read(f"SELECT username, {_PROTECTED} FROM users") if row["username"] == "new"]
    assert new == {
        "username": "new",
        "id": response.json()["id"],
        "is_active": True,
        "totp_secret": None,
        "is_totp_enabled": False,
        "fhir_patient_id": None,
        "system_permissions": "patient",
        "professional_registrations": None,
    }
    assert new["id"] != 4242
    assert (await admin.client.post("/api/auth/login", json={"username": "new", "password": PASSWORD})).is_success


async def test_who_registers_takes_only_what_registering_names(kit: ServiceKit) -> None:
    rights = {"system_permissions": "superadmin", "roles": ["System Administrator"], "base_profession": "consultant"}
    more = {"additional_competencies": ["prescribe_controlled_schedule_2"], "removed_competencies": []}
    response = await kit.anonymous.post("/api/auth/register", json={**STOLEN, **rights, **more, **NEW})
    assert response.status_code == 200
    [new] = await accounts(kit)
    assert (new["id"], new["system_permissions"], new["base_profession"]) == (1, "patient", "patient")
    assert (new["roles"], new["additional_competencies"], new["fhir_patient_id"]) == ([], [], None)
    assert (new["is_active"], new["is_totp_enabled"], new["totp_secret"]) == (True, False, None)
    assert new["password_hash"].startswith("$argon2id$v=19$")


async def test_no_other_body_sets_a_column_that_it_does_not_name(
    kit: ServiceKit, people: People, admin: Visitor
) -> None:
    ben = await people.visitor("staff")
    await kit.patient("p-1")
    before = await accounts(kit)
    own = f"/api/users/{ben.id}"
    for visitor, method, path, body in (
        (admin, "PATCH", own, {}),
        (admin, "PATCH", "/api/cbac/my-competencies", {}),
        (ben, "PATCH", "/api/cbac/my-competencies", {"additional_competencies": ["manage_users"]}),
        (admin, "POST", f"{own}/activate", {}),
        (admin, "DELETE", f"{own}/sessions", {}),
        (ben, "POST", "/api/auth/logout", {}),
    ):
        response = await visitor.client.request(method, path, json={**STOLEN, **body})
        assert response.status_code in (200, 401, 403), (path, response.text)
        assert await accounts(kit) == before, path
    assert [row["user_id"] for row in await kit.read("SELECT user_id FROM session WHERE ended_at IS NULL")] == [
        admin.id
    ]


async def test_linking_sets_the_patient_and_nothing_else(kit: ServiceKit, people: People, admin: Visitor) -> None:
    ben, _ = await people.account("patient")
    await kit.patient("p-1")
    texts = {name: str(value) for name, value in STOLEN.items()}
    body = {**texts, "fhir_patient_id": "p-1", "system_permissions": "superadmin"}
    before = await accounts(kit)
    assert (await admin.client.patch(f"/api/users/{ben}/link-patient", json=body)).status_code == 200
    wanted = [{**row, "fhir_patient_id": "p-1"} if row["id"] == ben else row for row in before]
    assert await accounts(kit) == wanted
