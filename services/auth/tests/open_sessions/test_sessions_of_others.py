"""Administrators and operators see and end sessions of others."""

import uuid

import httpx
import pytest
from quill_auth.testing.people import People, Visitor, cookies_of
from quill_common.testing.kit import ServiceKit

NEEDS_ADMIN = (403, {"detail": "Requires admin or superadmin permissions"})
ABOVE = (403, {"detail": "Cannot change a user above your own level"})
NO_USER = (404, {"detail": "User not found"})
NO_SESSION = (404, {"detail": "Session not found"})
REVOKED = "quill.auth.session.revoked.v1"


@pytest.fixture
async def admin(people: People) -> Visitor:
    return await people.visitor("admin")


@pytest.fixture
async def ben(people: People) -> Visitor:
    return await people.visitor("staff")


def path_of(user_id: int | str, session: str | None = None, root: str = "/api") -> str:
    return f"{root}/users/{user_id}/sessions" + (f"/{session}" if session else "")


def said(response: httpx.Response) -> tuple[int, object]:
    return response.status_code, response.json()


async def every_way(client: httpx.AsyncClient, user_id: int | str) -> list[tuple[int, object]]:
    return [
        said(await client.get(path_of(user_id))),
        said(await client.delete(path_of(user_id))),
        said(await client.delete(path_of(user_id, str(uuid.uuid4())))),
    ]


async def test_an_admin_sees_where_someone_is_signed_in(people: People, admin: Visitor, ben: Visitor) -> None:
    shown = (await admin.client.get(path_of(ben.id))).json()
    assert [(one["id"], one["current"]) for one in shown["sessions"]] == [(await people.session_of(ben), False)]
    own = (await admin.client.get(path_of(admin.id))).json()["sessions"]
    assert [one["current"] for one in own] == [True]
    page = (await admin.client.get(path_of(ben.id), params={"limit": 1})).json()
    assert page["next_cursor"] is None


async def test_an_admin_ends_one_session_and_then_all(
    kit: ServiceKit, people: People, admin: Visitor, ben: Visitor
) -> None:
    others = [await people.sign_in(ben.username) for _ in range(2)]
    one = await people.session_of(ben)
    response = await admin.client.delete(path_of(ben.id, one))
    assert said(response) == (200, {"detail": "ended", "ended": 1})
    assert response.headers["X-Quill-Revoked-Sessions"] == one
    assert said(await admin.client.delete(path_of(ben.id, one))) == NO_SESSION
    assert (await ben.client.get("/api/auth/me")).status_code == 401
    assert (await others[0].client.get("/api/auth/me")).status_code == 200
    response = await admin.client.delete(path_of(ben.id))
    assert said(response) == (200, {"detail": "ended", "ended": 2})
    assert "set-cookie" not in response.headers
    assert len(await kit.published(REVOKED)) == 3
    for other in others:
        assert (await other.client.get("/api/auth/me")).status_code == 401
        assert (await people.refresh(other.refresh)).json() == {"detail": "Bad refresh token"}
    assert said(await admin.client.delete(path_of(ben.id))) == (200, {"detail": "ended", "ended": 0})


async def test_an_admin_who_ends_all_own_sessions_is_signed_out(people: People, admin: Visitor) -> None:
    response = await admin.client.delete(path_of(admin.id))
    assert said(response) == (200, {"detail": "ended", "ended": 1})
    assert len(cookies_of(response)) == 3
    assert (await admin.client.get("/api/auth/me")).status_code == 401


async def test_a_session_is_looked_for_under_its_own_user_only(people: People, admin: Visitor, ben: Visitor) -> None:
    for wrong in (await people.session_of(admin), "nonsense"):
        assert said(await admin.client.delete(path_of(ben.id, wrong))) == NO_SESSION
    assert (await admin.client.get("/api/auth/me")).status_code == 200


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "staff"])
async def test_who_is_below_admin_sees_and_ends_nothing(people: People, ben: Visitor, level: str) -> None:
    visitor = await people.visitor(level, roles=("System Administrator",))
    for user_id in (ben.id, visitor.id, 9999, "x"):
        assert await every_way(visitor.client, user_id) == [NEEDS_ADMIN] * 3
    assert (await ben.client.get("/api/auth/me")).status_code == 200


async def test_nobody_sees_or_ends_sessions_above_the_own_level(people: People, admin: Visitor) -> None:
    root = await people.visitor("superadmin")
    assert await every_way(admin.client, root.id) == [ABOVE] * 3
    session = await people.session_of(root)
    assert said(await admin.client.delete(path_of(root.id, session))) == ABOVE
    assert (await root.client.get("/api/auth/me")).status_code == 200
    assert (await root.client.delete(path_of(admin.id))).json() == {"detail": "ended", "ended": 1}


async def test_unknown_users_and_ids_that_are_none(admin: Visitor, ben: Visitor) -> None:
    assert await every_way(admin.client, 9999) == [NO_USER] * 3
    assert [status for status, _ in await every_way(admin.client, "x")] == [422] * 3
    assert [status for status, _ in await every_way(admin.client, 2**63)] == [422] * 3


async def test_nobody_without_a_session_gets_anywhere(kit: ServiceKit, ben: Visitor) -> None:
    assert await every_way(kit.anonymous, ben.id) == [(401, {"detail": "Not authenticated"})] * 3


async def test_operators_see_and_end_anyones(kit: ServiceKit, people: People) -> None:
    root = await people.visitor("superadmin")
    other = await people.sign_in(root.username)
    operator, path = kit.service("operator"), path_of(root.id, root="/internal")
    assert len((await operator.get(path)).json()["sessions"]) == 2
    ended = await operator.delete(f"{path}/{await people.session_of(other)}")
    assert said(ended) == (200, {"detail": "ended", "ended": 1})
    assert said(await operator.delete(f"{path}/{await people.session_of(other)}")) == NO_SESSION
    assert said(await operator.delete(path)) == (200, {"detail": "ended", "ended": 1})
    assert (await root.client.get("/api/auth/me")).status_code == 401
    nobody = path_of(9999, root="/internal")
    assert said(await operator.get(nobody)) == said(await operator.delete(nobody)) == NO_USER


async def test_the_operators_way_is_the_operators_alone(kit: ServiceKit, people: People) -> None:
    root = await people.visitor("superadmin")
    path = path_of(root.id, root="/internal")
    assert (await root.client.delete(path)).status_code == 401
    assert (await kit.service("gateway").delete(path)).status_code == 403
    assert (await root.client.get("/api/auth/me")).status_code == 200
