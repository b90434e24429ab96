"""Who must not: every endpoint, every caller that it is not for, with the text of the contract."""

from typing import Any

import httpx
import pytest
from quill_common.testing.kit import Person, ServiceKit

REQUIRES = "Requires admin or superadmin permissions"
ADMIN_ONLY = "Admin only"
NEW = {"name": "Ward 7", "type": "hospital_team"}

FOR_ADMINS: list[tuple[str, str, Any, str]] = [
    ("GET", "/api/organizations", None, REQUIRES),
    ("POST", "/api/organizations", NEW, REQUIRES),
    ("GET", "/api/organizations/1", None, REQUIRES),
    ("PUT", "/api/organizations/1", {"name": "Ward 8"}, REQUIRES),
    ("POST", "/api/organizations/1/staff", {"user_id": 1}, REQUIRES),
    ("DELETE", "/api/organizations/1/staff/1", None, ADMIN_ONLY),
    ("POST", "/api/organizations/1/patients", {"patient_id": "p1"}, REQUIRES),
    ("DELETE", "/api/organizations/1/patients/p1", None, ADMIN_ONLY),
    ("GET", "/api/organizations/1/features", None, ADMIN_ONLY),
    ("PUT", "/api/organizations/1/features/epr", {"enabled": True}, ADMIN_ONLY),
    ("DELETE", "/api/patients/p1/external-access/1", None, ADMIN_ONLY),
]
INVITATION = {"email": "gp@example.org", "user_type": "external_hcp"}
SIGNED_IN = [
    *FOR_ADMINS,
    ("GET", "/api/patients/p1/shared-organisations", None, ""),
    ("GET", "/api/patients/p1/external-access", None, ""),
    ("POST", "/api/patients/p1/invite-external", INVITATION, ""),
]


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any) -> httpx.Response:
    return await client.request(method, path, json=body) if body else await client.request(method, path)


async def _existing(kit: ServiceKit, admin: Person) -> None:
    """Everything that the paths above name, so that a refusal does not come from something missing."""
    await kit.patient("p1")
    assert (await admin.client.post("/api/organizations", json=NEW)).status_code == 200
    await admin.client.post("/api/organizations/1/staff", json={"user_id": (await kit.person()).id})


@pytest.mark.parametrize("level", ["staff", "patient", "external_hcp", "patient_advocate", "root", ""])
async def test_below_admin_nobody_administers_organisations(kit: ServiceKit, admin: Person, level: str) -> None:
    await _existing(kit, admin)
    caller = await kit.person(level, roles=("Clinician", "System Administrator"), organisations=(1,))
    before = await kit.published()
    for method, path, body, detail in FOR_ADMINS:
        response = await ask(caller.client, method, path, body)
        assert (response.status_code, response.json()) == (403, {"detail": detail}), (method, path)
    assert await kit.published() == before


async def test_a_superadmin_may_all_that_an_admin_may(kit: ServiceKit, admin: Person) -> None:
    await _existing(kit, admin)
    caller = await kit.person("superadmin")
    for method, path, body, _ in FOR_ADMINS:
        assert (await ask(caller.client, method, path, body)).status_code not in (401, 403), (method, path)


async def test_nothing_but_the_public_list_answers_without_a_good_token(kit: ServiceKit) -> None:
    inactive = await kit.person("admin", is_active=False)
    for method, path, body, _ in SIGNED_IN:
        for client, detail in (
            (kit.anonymous, "Not authenticated"),
            (kit.client("not.a.token"), "Invalid token"),
            (inactive.client, "Inactive user"),
            (kit.client(kit.access_token(404)), "Inactive user"),
        ):
            response = await ask(client, method, path, body)
            assert (response.status_code, response.json()) == (401, {"detail": detail}), (method, path)


async def test_without_clinical_services_only_what_concerns_patients_is_off(
    kit: ServiceKit, admin: Person, clinical_off: None
) -> None:
    await _existing(kit, admin)
    about_patients = {(method, path) for method, path, *_ in SIGNED_IN if path.startswith("/api/patients/")}
    off = {("POST", "/api/organizations/1/patients"), *about_patients}
    for method, path, body, _ in SIGNED_IN:
        response = await ask(admin.client, method, path, body)
        gated = response.status_code == 503
        assert gated == ((method, path) in off), (method, path, response.text)
        if gated:
            assert response.json() == {"detail": "Clinical services are not available in this deployment"}


BAD_IDS = ["abc", "9223372036854775808", "-9223372036854775809", "1e3", "%00", "%ff", "1" * 400, "%F0%9F%8F%A5"]


@pytest.mark.parametrize("bad", BAD_IDS)
async def test_an_id_that_is_none_is_a_422(admin: Person, bad: str) -> None:
    for method, path, body, _ in FOR_ADMINS:
        if "/1" in path:
            response = await ask(admin.client, method, path.replace("/1", f"/{bad}", 1), body)
            assert response.status_code == 422, (method, path, response.text)
            assert isinstance(response.json()["detail"], list)
    assert (await admin.client.delete(f"/api/organizations/1/staff/{bad}")).status_code == 422


BROKEN_BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"7",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"name": NaN}',
    b'{"name": "\xff"}',
    b'{"a":"\\u0000"}',
]


@pytest.mark.parametrize("content", BROKEN_BODIES)
async def test_a_body_that_is_none_is_a_422(kit: ServiceKit, admin: Person, content: bytes) -> None:
    await _existing(kit, admin)
    for method, path, body, _ in FOR_ADMINS:
        if body:
            response = await admin.client.request(
                method, path, content=content, headers={"Content-Type": "application/json"}
            )
            assert response.status_code == 422, (method, path, response.text)
