"""Who am I, and signing out."""

import pytest
from quill_auth.organisations.tables import KnownFeature
from quill_auth.testing.people import People, cookies_of
from quill_common.access.tables import AccessUser
from quill_common.testing.kit import ServiceKit
from sqlalchemy import delete, insert, update


async def test_me_answers_the_profile(people: People) -> None:
    ada = await people.visitor("staff", roles=("Clinician",), full_name="Ada Example")
    assert (await ada.client.get("/api/auth/me")).json() == {
        "id": ada.id,
        "username": ada.username,
        "name": "Ada Example",
        "email": f"{ada.username}@example.org",
        "roles": ["Clinician"],
        "system_permissions": "staff",
        "totp_enabled": False,
        "enabled_features": [],
        "clinical_services_enabled": True,
    }


async def test_features_are_those_of_the_primary_organisation(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor("patient", organisations=(7, 8))
    for organisation, key in ((7, "teaching"), (7, "letters"), (8, "messaging")):
        await kit.write(insert(KnownFeature).values(organisation_id=organisation, feature_key=key))
    assert (await ada.client.get("/api/auth/me")).json()["enabled_features"] == ["letters", "teaching"]


async def test_me_takes_one_statement(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    with kit.statements() as seen:
        assert (await ada.client.get("/api/auth/me")).status_code == 200
    assert len(seen) == 1


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/users", "/api/cbac/my-competencies"])
async def test_without_a_good_token_nobody_is_signed_in(kit: ServiceKit, people: People, path: str) -> None:
    response = await kit.anonymous.get(path)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})
    response = await kit.client("nonsense").get(path)
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid token"})


async def test_a_signed_token_without_a_session_is_refused(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    response = await kit.client(kit.access_token(ada.id)).get("/api/auth/me")
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid token"})


async def test_a_session_of_another_user_is_refused(kit: ServiceKit, people: People) -> None:
    ada, ben = await people.visitor(), await people.visitor()
    forged = kit.access_token(ada.id, await people.session_of(ben))
    assert (await kit.client(forged).get("/api/auth/me")).status_code == 401


@pytest.mark.parametrize("missing", [True, False])
async def test_an_account_that_is_gone_or_inactive_is_refused(kit: ServiceKit, people: People, missing: bool) -> None:
    ada = await people.visitor()
    await kit.write(delete(AccessUser) if missing else update(AccessUser).values(is_active=False))
    response = await ada.client.get("/api/auth/me")
    assert (response.status_code, response.json()) == (401, {"detail": "Inactive user"})


async def test_logout_ends_the_session_and_removes_the_cookies(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    session = await people.session_of(ada)
    response = await ada.client.post("/api/auth/logout")
    assert (response.status_code, response.json()) == (200, {"detail": "ok"})
    assert response.headers["X-Quill-Revoked-Sessions"] == session
    removed = {name: (c.value, c["path"], c["max-age"]) for name, c in cookies_of(response).items()}
    assert removed == {
        "access_token": ("", "/", "0"),
        "refresh_token": ("", "/api/auth/refresh", "0"),
        "XSRF-TOKEN": ("", "/", "0"),
    }
    assert await kit.published("quill.auth.session.revoked.v1") == [{"user_id": ada.id, "session_id": session}]
    assert (await ada.client.get("/api/auth/me")).json() == {"detail": "Invalid token"}
    assert (await people.refresh(ada.refresh)).json() == {"detail": "Bad refresh token"}
    assert (await ada.client.post("/api/auth/logout")).status_code == 401


async def test_logout_leaves_other_sessions_alone(people: People) -> None:
    ada = await people.visitor()
    other = await people.sign_in(ada.username)
    await ada.client.post("/api/auth/logout")
    assert (await other.client.get("/api/auth/me")).status_code == 200


async def test_a_logout_that_cannot_be_committed_says_so_and_leaves_the_session(
    kit: ServiceKit, people: People
) -> None:
    ada = await people.visitor()
    async with kit.failing_commits("session"):
        response = await ada.client.post("/api/auth/logout")
    assert response.status_code >= 500
    assert await kit.published("quill.auth.session.revoked.v1") == []
    assert (await ada.client.get("/api/auth/me")).status_code == 200


async def test_a_rename_changes_nothing_for_tokens(kit: ServiceKit, people: People) -> None:
    ada, admin = await people.visitor(), await people.visitor("admin")
    await admin.client.patch(f"/api/users/{ada.id}", json={"username": "lovelace"})
    await people.account(username=ada.username, email="someone.else@example.org")
    assert (await ada.client.get("/api/auth/me")).json()["username"] == "lovelace"
