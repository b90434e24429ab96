"""Changing the own password (contract 4.5, A9, A11, A16)."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_auth.testing.people import PASSWORD, People, Visitor, cookies_of
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

from .conftest import NEW, Letterbox

WRONG = (400, {"detail": "Current password is incorrect"})


@pytest.fixture
async def ada(people: People) -> Visitor:
    await people.account("staff", username="ada", roles=("Clinician",))
    return await people.sign_in("ada")


@pytest.fixture
def connections(kit: ServiceKit, ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """How many connections for reading and for writing were in use at the beginning of each hash."""
    passwords = kit.app.state.auth.passwords
    run = passwords._run
    seen: list[list[int]] = []

    async def look(work: Any) -> Any:
        seen.append([engine.pool.checkedout() for engine in kit.parts.database.engines])  # type: ignore[attr-defined]  # a QueuePool
        return await run(work)

    monkeypatch.setattr(passwords, "_run", look)
    return seen


async def change(visitor: Visitor, current: str = PASSWORD, new: str = NEW) -> httpx.Response:
    body = {"current_password": current, "new_password": new}
    return await visitor.client.post("/api/auth/change-password", json=body)


async def test_the_other_sessions_end_and_this_one_goes_on_with_fresh_cookies(
    kit: ServiceKit, people: People, letterbox: Letterbox, ada: Visitor
) -> None:
    other = await people.sign_in("ada")
    stranger = await people.visitor()
    response = await change(ada)
    assert (response.status_code, response.json()) == (200, {"detail": "Password changed"})
    assert response.headers["X-Quill-Revoked-Sessions"] == await people.session_of(other)
    cookies = cookies_of(response)
    assert {name: c["max-age"] for name, c in cookies.items()} == {
        "access_token": "900",
        "refresh_token": "604800",
        "XSRF-TOKEN": "900",
    }
    claims = await kit.parts.tokens.access(cookies["access_token"].value)
    assert claims.session_id == await people.session_of(ada)
    assert claims.roles == ("Clinician",)
    me = [(await visitor.client.get("/api/auth/me")).status_code for visitor in (ada, other, stranger)]
    assert me == [200, 401, 200]
    assert (await people.refresh(other.refresh)).status_code == 401
    assert (await people.login("ada")).status_code == 400
    assert (await people.login("ada", NEW)).status_code == 200
    assert await letterbox.notices() == [("ada@example.org", "Your Quill password was changed")]


async def test_no_refresh_token_from_before_renews_anything_and_the_new_one_goes_on_and_on(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    second = cookies_of(await people.refresh(ada.refresh))["refresh_token"].value
    fresh = cookies_of(await change(ada))["refresh_token"].value
    # Used and in its grace, and never used: whoever stole one of them has nothing, and ends nothing.
    for stolen in (ada.refresh, second):
        for _ in range(2):
            response = await people.refresh(stolen)
            assert (response.status_code, response.json()) == (401, {"detail": "Bad refresh token"})
            assert "X-Quill-Revoked-Sessions" not in response.headers
            await kit.write(text("UPDATE refresh_token SET used_at = used_at - interval '31 seconds'"))
    for _ in range(3):
        answers = await asyncio.gather(*(people.refresh(fresh) for _ in range(4)))
        assert [answer.status_code for answer in answers] == [200] * 4
        used, fresh = fresh, cookies_of(answers[0])["refresh_token"].value
    await kit.write(text("UPDATE refresh_token SET used_at = used_at - interval '31 seconds'"))
    assert (await people.refresh(used)).headers["X-Quill-Revoked-Sessions"] == await people.session_of(ada)


async def test_renewals_at_the_same_moment_leave_no_good_token_but_the_new_line(people: People, ada: Visitor) -> None:
    token = ada.refresh
    password = PASSWORD
    for number in range(10):
        new = f"{NEW} {number}"
        changed, *renewals = await asyncio.gather(
            change(ada, password, new), *(people.refresh(token) for _ in range(6))
        )
        assert changed.status_code == 200, changed.text
        assert {answer.status_code for answer in renewals} <= {200, 401}
        old = [cookies_of(answer)["refresh_token"].value for answer in renewals if answer.status_code == 200]
        for each in {token, *old}:
            assert (await people.refresh(each)).status_code == 401
        token, password = cookies_of(changed)["refresh_token"].value, new
        response = await people.refresh(token)
        assert response.status_code == 200
        token = cookies_of(response)["refresh_token"].value


@pytest.mark.parametrize("current", ["", "wrong password", PASSWORD.upper(), PASSWORD + " ", "x" * 200_000])
@pytest.mark.parametrize("new", [NEW, "short"])
async def test_a_wrong_current_password_is_said_first(
    people: People, letterbox: Letterbox, ada: Visitor, current: str, new: str
) -> None:
    response = await change(ada, current, new)
    assert (response.status_code, response.json()) == WRONG
    assert "set-cookie" not in response.headers
    assert (await people.login("ada")).status_code == 200
    assert await letterbox.mails() == []


@pytest.mark.parametrize(
    ("new", "detail"),
    [
        ("", "New password must be at least 8 characters"),
        ("seven77", "New password must be at least 8 characters"),
        ("PASSWORD123", "Password too common"),
        ("Ada@Example.org", "Password too common"),
    ],
)
async def test_a_new_password_that_is_too_weak_changes_nothing(
    people: People, ada: Visitor, new: str, detail: str
) -> None:
    response = await change(ada, new=new)
    assert (response.status_code, response.json()) == (400, {"detail": detail})
    assert (await people.login("ada")).status_code == 200


async def test_128_characters_are_taken_and_one_more_is_a_422(people: People, ada: Visitor) -> None:
    assert (await change(ada, new="x" * 129)).status_code == 422
    assert (await change(ada, new="a passphrase " + "x" * 115)).status_code == 200
    assert (await people.login("ada", "a passphrase " + "x" * 115)).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"current_password": PASSWORD}, {"new_password": NEW}, [], {"current_password": 1}]
)
async def test_a_body_that_is_no_change_is_a_422_after_the_401(kit: ServiceKit, ada: Visitor, body: Any) -> None:
    assert (await ada.client.post("/api/auth/change-password", json=body)).status_code == 422
    response = await kit.anonymous.post("/api/auth/change-password", json=body)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


async def test_of_two_at_once_one_succeeds(people: People, letterbox: Letterbox, ada: Visitor) -> None:
    other = await people.sign_in("ada")
    answers = await asyncio.gather(change(ada, new=NEW + "1"), change(other, new=NEW + "2"))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200, 400]
    good = NEW + str(statuses.index(200) + 1)
    assert (await people.login("ada", good)).status_code == 200
    assert len(await letterbox.notices()) == 1


async def test_a_session_that_ended_while_the_password_was_hashed_changes_nothing(
    kit: ServiceKit, people: People, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = kit.app.state.auth.passwords
    hashed = passwords.hash

    async def hash_and_end(_: object, password: str) -> str:
        await kit.write(text("UPDATE session SET ended_at = clock_timestamp()"))
        result: str = await hashed(password)
        return result

    with monkeypatch.context() as patched:
        patched.setattr(type(passwords), "hash", hash_and_end)
        response = await change(ada)
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid token"})
    assert (await people.login("ada")).status_code == 200


async def test_the_notice_goes_to_the_address_that_the_account_has_by_then(
    kit: ServiceKit, letterbox: Letterbox, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = kit.app.state.auth.passwords
    hashed = passwords.hash

    async def hash_and_move(_: object, password: str) -> str:
        await kit.write(text("UPDATE users SET email = 'ada@new.example'"))
        result: str = await hashed(password)
        return result

    with monkeypatch.context() as patched:
        patched.setattr(type(passwords), "hash", hash_and_move)
        assert (await change(ada)).status_code == 200
    assert await letterbox.notices() == [("ada@new.example", "Your Quill password was changed")]


async def test_a_change_that_cannot_be_committed_gives_nothing(
    kit: ServiceKit, people: People, letterbox: Letterbox, ada: Visitor
) -> None:
    async with kit.failing_commits("session"):
        response = await change(ada)
    assert response.status_code >= 500
    assert "set-cookie" not in response.headers
    assert (await people.login("ada")).status_code == 200
    assert (await people.refresh(ada.refresh)).status_code == 200
    assert await letterbox.mails() == []


async def test_it_ends_reset_links(people: People, letterbox: Letterbox, ada: Visitor) -> None:
    link = await letterbox.link("ada@example.org")
    assert (await change(ada)).status_code == 200
    assert await letterbox.reset(link, "yet another password") == (400, "Invalid or expired reset link")


async def test_no_transaction_is_open_while_passwords_are_hashed(ada: Visitor, connections: list[list[int]]) -> None:
    assert (await change(ada)).status_code == 200
    assert connections == [[0, 0], [0, 0]]


async def test_none_is_open_either_while_those_are_that_administrators_set(
    people: People, ada: Visitor, connections: list[list[int]]
) -> None:
    admin = await people.visitor("admin")
    connections.clear()
    body = {"name": "Ben", "email": "ben@example.org", "password": NEW, "roles": ["Clinician"]}
    assert (await admin.client.post("/api/users", json=body)).status_code == 200
    assert (await admin.client.patch(f"/api/users/{ada.id}", json={"password": NEW})).status_code == 200
    assert connections == [[0, 0], [0, 0]]
