"""Sign-ins, refused ones, and ends of sessions on record."""

import pytest
from quill_auth.account.tables import User
from quill_auth.session.tables import RefreshToken
from quill_auth.testing.people import PASSWORD
from quill_auth.testing.scene import GUESS, NOBODY, Scene
from sqlalchemy import func, text, update


async def test_a_sign_in(scene: Scene) -> None:
    visitor = await scene.people.sign_in(scene.ada.username)
    await scene.left(await scene.entry("session.begin", visitor, visitor.id, details={"factors": ["password"]}))


@pytest.mark.parametrize(
    ("known", "is_active", "password", "reason"),
    [
        (False, True, PASSWORD, "unknown name"),
        (True, True, GUESS, "password"),
        (True, True, "", "password"),
        (True, False, GUESS, "password"),
        (True, False, PASSWORD, "inactive"),
    ],
)
async def test_a_refused_sign_in(scene: Scene, known: bool, is_active: bool, password: str, reason: str) -> None:
    await scene.kit.write(update(User).where(User.id == scene.ada.id).values(is_active=is_active))
    response = await scene.people.login(scene.ada.username if known else NOBODY, password)
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid credentials"})
    subject = scene.ada.id if known else None
    await scene.left(await scene.refusal("session.refuse", None, subject, details={"reason": reason}))


@pytest.mark.parametrize("known", [True, False])
async def test_a_refusal_costs_the_same_statements_for_every_name(scene: Scene, known: bool) -> None:
    await scene.people.login("warm", "up")
    recorded = len(await scene.kit.audited())
    with scene.kit.statements() as seen:
        await scene.people.login(scene.ada.username if known else NOBODY, GUESS)
    assert len(seen) == 1
    assert len(await scene.kit.audited()) == recorded + 1


async def test_renewals_and_questions_about_oneself_leave_nothing(scene: Scene) -> None:
    assert (await scene.people.refresh(scene.ada.refresh)).status_code == 200
    for path in ("/api/auth/me", "/api/cbac/my-competencies", "/api/auth/sessions", "/.well-known/jwks.json"):
        assert (await scene.ada.client.get(path)).status_code == 200
    await scene.left()


async def test_a_refresh_token_that_is_used_again(scene: Scene) -> None:
    await scene.people.refresh(scene.ada.refresh)
    aged = update(RefreshToken).where(RefreshToken.used_at.isnot(None))
    await scene.kit.write(aged.values(used_at=func.clock_timestamp() - text("interval '31 seconds'")))
    for _ in range(2):
        assert (await scene.people.refresh(scene.ada.refresh)).status_code == 401
    session_id = await scene.people.session_of(scene.ada)
    await scene.left(await scene.ended(None, "refresh reuse", scene.ada, session_id=session_id))


@pytest.mark.parametrize(
    ("method", "path", "by", "reason"),
    [
        ("POST", "/api/auth/logout", "ada", "logout"),
        ("DELETE", "/api/auth/sessions/{session}", "ada", "ended by the owner"),
        ("DELETE", "/api/users/{id}/sessions", "admin", "ended by an administrator"),
        ("DELETE", "/api/users/{id}/sessions/{session}", "admin", "ended by an administrator"),
        ("DELETE", "/internal/users/{id}/sessions", "operator", "ended by an operator"),
        ("DELETE", "/internal/users/{id}/sessions/{session}", "operator", "ended by an operator"),
    ],
)
async def test_the_end_of_a_session(scene: Scene, method: str, path: str, by: str, reason: str) -> None:
    filled = path.format(id=scene.ada.id, session=await scene.people.session_of(scene.ada))
    assert (await scene.client(by).request(method, filled)).status_code == 200
    await scene.left(await scene.ended(by, reason, scene.ada))


async def test_the_end_of_all_others(scene: Scene) -> None:
    other = await scene.people.sign_in(scene.ada.username)
    await scene.begin()
    for _ in range(2):
        assert (await other.client.delete("/api/auth/sessions")).status_code == 200
    await scene.left(
        await scene.ended(other, "ended by the owner", scene.ada),
        await scene.entry("session.end", other, other.id),  # none was left to end
    )


async def test_an_end_names_a_hundred_sessions_and_counts_all(scene: Scene) -> None:
    await scene.kit.write(
        text(
            "INSERT INTO session (id, user_id, expires_at) SELECT gen_random_uuid(), :ada, now() + interval '1 day' "
            "FROM generate_series(1, 120)"
        ),
        {"ada": scene.ada.id},
    )
    assert (await scene.admin.client.delete(f"/api/users/{scene.ada.id}/sessions")).status_code == 200
    [entry] = (await scene.kit.audited())[scene.seen :]
    assert (entry["details"]["ended"], len(set(entry["details"]["sessions"]))) == (121, 100)


async def test_sessions_that_are_not_there_and_lists_of_sessions(scene: Scene) -> None:
    assert (await scene.ada.client.delete("/api/auth/sessions/x")).status_code == 404
    assert (await scene.admin.client.delete(f"/api/users/{scene.ada.id}/sessions/x")).status_code == 404
    assert (await scene.admin.client.get(f"/api/users/{scene.ada.id}/sessions")).status_code == 200
    assert (await scene.client("operator").get(f"/internal/users/{scene.ada.id}/sessions")).status_code == 200
    missing = {"target": "session/x", "details": {"status": 404}}
    await scene.left(
        await scene.refusal("session.end", "ada", scene.ada.id, **missing),
        await scene.refusal("session.end", "admin", scene.ada.id, **missing),
        await scene.entry("session.list", "admin", scene.ada.id),
        await scene.entry("session.list", "operator", scene.ada.id),
    )
