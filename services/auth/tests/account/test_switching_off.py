"""Administrators and operators switch accounts off and on."""

import asyncio

import httpx
import pytest
from quill_auth.testing.people import People, Visitor
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


@pytest.fixture
async def admin(people: People) -> Visitor:
    return await people.visitor("admin")


async def switch(visitor: Visitor, user_id: int | str, how: str = "deactivate") -> httpx.Response:
    return await visitor.client.post(f"/api/users/{user_id}/{how}")


async def test_an_admin_switches_an_account_off_and_on(kit: ServiceKit, people: People, admin: Visitor) -> None:
    ada = await people.visitor()
    other = await people.sign_in(ada.username)
    response = await switch(admin, ada.id)
    assert (response.status_code, response.json()) == (
        200,
        {"detail": "deactivated", "id": ada.id, "is_active": False},
    )
    ended = {await people.session_of(visitor) for visitor in (ada, other)}
    assert set(response.headers["X-Quill-Revoked-Sessions"].split(",")) == ended
    assert {event["session_id"] for event in await kit.published("quill.auth.session.revoked.v1")} == ended
    assert [event["is_active"] for event in await kit.published("quill.auth.user.deactivated.v1")] == [False]
    for visitor in (ada, other):
        assert (await visitor.client.get("/api/auth/me")).json() == {"detail": "Inactive user"}
        assert (await people.refresh(visitor.refresh)).json() == {"detail": "Inactive user"}
    assert (await people.login(ada.username)).json() == {"detail": "Invalid credentials"}
    response = await switch(admin, ada.id, "activate")
    assert response.json() == {"detail": "activated", "id": ada.id, "is_active": True}
    assert (await ada.client.get("/api/auth/me")).json() == {"detail": "Invalid token"}
    assert (await people.login(ada.username)).status_code == 200


async def test_switching_twice_is_the_same_answer_and_one_event(
    kit: ServiceKit, people: People, admin: Visitor
) -> None:
    ada, _ = await people.account()
    for how, events in (("activate", 0), ("deactivate", 1), ("deactivate", 1)):
        assert (await switch(admin, ada, how)).status_code == 200
        assert len(await kit.published("quill.auth.user.deactivated.v1")) == events
    answers = await asyncio.gather(*(switch(admin, ada, "activate") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await kit.published("quill.auth.user.changed.v1")) == 1


@pytest.mark.parametrize("level", ["admin", "superadmin"])
async def test_nobody_switches_off_the_own_account(people: People, level: str) -> None:
    visitor = await people.visitor(level)
    response = await switch(visitor, visitor.id)
    assert (response.status_code, response.json()) == (409, {"detail": "Cannot deactivate your own account"})
    assert (await switch(visitor, visitor.id, "activate")).status_code == 200
    assert (await visitor.client.get("/api/auth/me")).status_code == 200


async def test_nobody_switches_who_is_above(people: People, admin: Visitor) -> None:
    root = await people.visitor("superadmin")
    off, _ = await people.account("superadmin", is_active=False)
    for user_id, how in ((root.id, "deactivate"), (off, "activate")):
        response = await switch(admin, user_id, how)
        assert (response.status_code, response.json()) == (
            403,
            {"detail": "Cannot change a user above your own level"},
        )
    assert (await root.client.get("/api/auth/me")).status_code == 200
    assert (await switch(admin, (await people.account("admin"))[0])).status_code == 200


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "staff"])
@pytest.mark.parametrize("how", ["deactivate", "activate"])
async def test_who_is_below_admin_switches_nobody(people: People, level: str, how: str) -> None:
    visitor = await people.visitor(level)
    for user_id in (visitor.id, 9999, "x"):
        response = await switch(visitor, user_id, how)
        assert (response.status_code, response.json()) == (
            403,
            {"detail": "Requires admin or superadmin permissions"},
        )


async def test_ids_of_nobody(people: People, admin: Visitor) -> None:
    for how in ("deactivate", "activate"):
        response = await switch(admin, 9999, how)
        assert (response.status_code, response.json()) == (404, {"detail": "User not found"})
        assert (await switch(admin, 2**63, how)).status_code == 422
        assert (await people.kit.anonymous.post(f"/api/users/{admin.id}/{how}")).status_code == 401


async def test_a_switch_that_cannot_be_committed_changes_nothing(
    kit: ServiceKit, people: People, admin: Visitor
) -> None:
    ada = await people.visitor()
    async with kit.failing_commits("users"):
        response = await switch(admin, ada.id)
    assert response.status_code >= 500
    assert "X-Quill-Revoked-Sessions" not in response.headers
    assert (await ada.client.get("/api/auth/me")).status_code == 200
    assert await kit.published("quill.auth.user.deactivated.v1") == []


async def test_sign_ins_beside_a_deactivation_never_outlive_it(kit: ServiceKit, people: People, admin: Visitor) -> None:
    ada, name = await people.account()
    tries = [people.login(name) for _ in range(6)]
    await asyncio.gather(*tries[:3], switch(admin, ada), *tries[3:])
    assert await kit.read("SELECT id FROM session WHERE user_id = :ada AND ended_at IS NULL", ada=ada) == []
