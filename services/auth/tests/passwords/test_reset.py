"""Setting a password by a mailed link (contract 4.4, A8, A11, A16)."""

import asyncio
from typing import Any

import pytest
from quill_auth.passwords.repository import forget_links
from quill_auth.testing.people import PASSWORD, People
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

from .conftest import NEW, Letterbox

BAD = (400, "Invalid or expired reset link")
DONE = (200, "Password reset successfully")
CHANGED = ("ada@example.org", "Your Quill password was changed")


@pytest.fixture
async def link(people: People, letterbox: Letterbox) -> str:
    """A link for Ada."""
    await people.account(username="ada")
    return await letterbox.link("ada@example.org")


async def test_a_link_sets_a_new_password_once_ends_all_sessions_and_tells_the_person(
    kit: ServiceKit, people: People, letterbox: Letterbox, link: str
) -> None:
    ada = await people.sign_in("ada")
    response = await kit.anonymous.post("/api/auth/reset-password", json={"token": link, "new_password": NEW})
    assert (response.status_code, response.json()) == (200, {"detail": DONE[1]})
    assert "set-cookie" not in response.headers
    assert response.headers["X-Quill-Revoked-Sessions"] == await people.session_of(ada)
    assert (await ada.client.get("/api/auth/me")).status_code == 401
    assert (await people.refresh(ada.refresh)).status_code == 401
    assert (await people.login("ada")).status_code == 400
    assert (await people.login("ada", NEW)).status_code == 200
    assert await letterbox.notices() == [CHANGED]
    assert await letterbox.reset(link, "yet another password") == BAD


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "ä" * 5000])
async def test_no_token_of_ours_is_refused_before_the_password_is_looked_at(letterbox: Letterbox, token: str) -> None:
    assert await letterbox.reset(token, "") == BAD


@pytest.mark.parametrize(
    ("password", "detail"),
    [
        ("", "New password must be at least 8 characters"),
        ("seven77", "New password must be at least 8 characters"),
        ("Password1", "Password too common"),
        ("ADA@example.org", "Password too common"),
    ],
)
async def test_a_refused_password_leaves_the_link_good(
    letterbox: Letterbox, link: str, password: str, detail: str
) -> None:
    assert await letterbox.reset(link, password) == (400, detail)
    assert await letterbox.reset(link) == DONE


async def test_128_characters_are_taken_and_one_more_is_a_422(people: People, letterbox: Letterbox, link: str) -> None:
    assert (await letterbox.reset(link, "ä" * 129))[0] == 422
    assert await letterbox.reset(link, "ä" * 128) == DONE
    assert (await people.login("ada", "ä" * 128)).status_code == 200


@pytest.mark.parametrize("body", [{}, {"token": "x"}, {"new_password": NEW}, {"token": 1, "new_password": NEW}, []])
async def test_a_body_that_is_no_reset_is_a_422(kit: ServiceKit, body: Any) -> None:
    assert (await kit.anonymous.post("/api/auth/reset-password", json=body)).status_code == 422


async def test_of_many_at_once_one_succeeds(people: People, letterbox: Letterbox, link: str) -> None:
    passwords = [f"a quiet day number {number}" for number in range(8)]
    answers = await asyncio.gather(*(letterbox.reset(link, password) for password in passwords))
    assert sorted(answers) == [DONE] + [BAD] * 7
    signed_in = [(await people.login("ada", password)).status_code for password in passwords]
    assert signed_in == [200 if answer == DONE else 400 for answer in answers]
    assert await letterbox.notices() == [CHANGED]


async def test_two_links_of_one_account_at_once_leave_one_good_password(
    people: People, letterbox: Letterbox, link: str
) -> None:
    other = await letterbox.link("ada@example.org")
    answers = await asyncio.gather(letterbox.reset(link, NEW + "1"), letterbox.reset(other, NEW + "2"))
    assert sorted(answers) == [DONE, BAD]


async def test_a_link_dies_of_age(kit: ServiceKit, letterbox: Letterbox, link: str) -> None:
    await kit.write(text("UPDATE password_reset SET expires_at = clock_timestamp()"))
    assert await letterbox.reset(link) == BAD


async def test_a_switched_off_account_sets_nothing(kit: ServiceKit, letterbox: Letterbox, link: str) -> None:
    await kit.write(text("UPDATE users SET is_active = false"))
    assert await letterbox.reset(link) == BAD


async def test_a_link_from_before_a_switching_off_stays_dead(kit: ServiceKit, letterbox: Letterbox, link: str) -> None:
    [ada] = await kit.read("SELECT id FROM users WHERE username = 'ada'")
    for verb in ("deactivate", "activate"):
        assert (await kit.service("operator").post(f"/internal/users/{ada['id']}/{verb}")).status_code == 200
    assert await letterbox.reset(link) == BAD


async def test_an_account_that_is_switched_off_while_the_password_is_hashed_sets_nothing(
    kit: ServiceKit, letterbox: Letterbox, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = kit.app.state.auth.passwords
    hashed = passwords.hash

    async def hash_and_switch_off(_: object, password: str) -> str:
        await kit.write(text("UPDATE users SET is_active = false"))
        result: str = await hashed(password)
        return result

    monkeypatch.setattr(type(passwords), "hash", hash_and_switch_off)
    assert await letterbox.reset(link) == BAD


async def test_all_links_die_when_a_password_is_changed_set_or_reset(
    people: People, letterbox: Letterbox, link: str
) -> None:
    other = await letterbox.link("ada@example.org")
    assert await letterbox.reset(other) == DONE
    assert await letterbox.reset(link, "yet another password") == BAD


@pytest.mark.parametrize(
    ("change", "dead"), [({"password": NEW}, True), ({"email": "a@b.org"}, True), ({"name": "A"}, False)]
)
async def test_links_die_when_an_administrator_changes_how_somebody_gets_in(
    kit: ServiceKit, people: People, letterbox: Letterbox, link: str, change: dict[str, str], dead: bool
) -> None:
    admin = await people.visitor("admin")
    [ada] = await kit.read("SELECT id FROM users WHERE username = 'ada'")
    assert (await admin.client.patch(f"/api/users/{ada['id']}", json=change)).status_code == 200
    assert await letterbox.reset(link, "yet another password") == (BAD if dead else DONE)


async def test_people_hear_of_what_an_administrator_changed_at_the_old_address(
    kit: ServiceKit, people: People, letterbox: Letterbox
) -> None:
    admin = await people.visitor("admin")
    user_id, _ = await people.account(username="ada")
    await admin.client.patch(f"/api/users/{user_id}", json={"email": "new@example.org"})
    moved = ("ada@example.org", "The e-mail address of your Quill account was changed")
    assert await letterbox.notices() == [moved]
    await admin.client.patch(f"/api/users/{user_id}", json={"password": NEW, "email": "new@example.org"})
    assert await letterbox.notices() == [moved, ("new@example.org", CHANGED[1])]


async def test_a_reset_that_cannot_be_committed_leaves_everything(
    kit: ServiceKit, people: People, letterbox: Letterbox, link: str
) -> None:
    ada = await people.sign_in("ada")
    async with kit.failing_commits("password_reset"):
        assert (await letterbox.reset(link))[0] >= 500
    assert (await people.login("ada", PASSWORD)).status_code == 200
    assert (await ada.client.get("/api/auth/me")).status_code == 200
    assert await letterbox.notices() == []
    assert await letterbox.reset(link) == DONE


async def test_a_token_is_kept_as_a_hash(kit: ServiceKit, link: str) -> None:
    [row] = await kit.read("SELECT token_hash FROM password_reset")
    assert len(row["token_hash"]) == 32
    assert len(link) == 43


async def test_links_are_forgotten_when_they_neither_work_nor_count(kit: ServiceKit, link: str) -> None:
    async with kit.parts.database.writer() as writer:
        assert await forget_links(writer) == 0
    await kit.write(text("UPDATE password_reset SET created_at = created_at - interval '2 h', expires_at = created_at"))
    async with kit.parts.database.writer() as writer:
        assert await forget_links(writer) == 1


async def test_no_transaction_is_open_while_the_new_password_is_hashed(
    kit: ServiceKit, letterbox: Letterbox, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = kit.app.state.auth.passwords
    hashed = passwords.hash
    seen: list[list[int]] = []

    async def hash_and_look(_: object, password: str) -> str:
        seen.append([engine.pool.checkedout() for engine in kit.parts.database.engines])  # type: ignore[attr-defined]  # a QueuePool
        result: str = await hashed(password)
        return result

    monkeypatch.setattr(type(passwords), "hash", hash_and_look)
    assert await letterbox.reset(link) == DONE
    assert seen == [[0, 0]]
