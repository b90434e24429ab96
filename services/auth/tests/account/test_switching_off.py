"""Operators switch accounts off and on."""

from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit


async def test_a_switched_off_account_loses_its_sessions_and_comes_back_without_them(
    kit: ServiceKit, people: People
) -> None:
    ada = await people.visitor()
    operator = kit.service("operator")
    response = await operator.post(f"/internal/users/{ada.id}/deactivate")
    assert response.headers["X-Quill-Revoked-Sessions"] == await people.session_of(ada)
    assert (await kit.published("quill.auth.user.deactivated.v1"))[0]["is_active"] is False
    assert (await ada.client.get("/api/auth/me")).json() == {"detail": "Inactive user"}
    assert (await people.login(ada.username)).status_code == 400
    assert (await operator.post(f"/internal/users/{ada.id}/deactivate")).status_code == 200
    assert (await operator.post(f"/internal/users/{ada.id}/activate")).status_code == 200
    assert (await ada.client.get("/api/auth/me")).json() == {"detail": "Invalid token"}
    assert (await people.login(ada.username)).status_code == 200


async def test_the_last_active_superadmin_cannot_be_switched_off(kit: ServiceKit, people: People) -> None:
    root, _ = await people.account("superadmin")
    response = await kit.service("operator").post(f"/internal/users/{root}/deactivate")
    assert response.status_code == 409


async def test_nobody_but_the_operator_may(kit: ServiceKit, people: People) -> None:
    root = await people.visitor("superadmin")
    path = f"/internal/users/{root.id}/deactivate"
    assert (await root.client.post(path)).status_code == 401
    assert (await kit.anonymous.post(path)).status_code == 401
    assert (await kit.service("gateway").post(path)).status_code == 403
    assert (await kit.service("operator").post("/internal/users/9999/deactivate")).status_code == 404
