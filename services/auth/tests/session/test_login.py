"""Signing in."""

import asyncio
from typing import Any

import pytest
from quill_auth.account.tables import User
from quill_auth.testing.people import PASSWORD, People, cookies_of
from quill_common.testing.kit import ServiceKit
from sqlalchemy import update


async def test_a_right_password_answers_name_and_roles_and_sets_three_cookies(people: People) -> None:
    await people.account("staff", username="ada", roles=("Clinician",))
    response = await people.login("  ada ")
    assert response.status_code == 200
    assert response.json() == {"detail": "ok", "user": {"username": "ada", "roles": ["Clinician"]}}
    cookies = cookies_of(response)
    assert set(cookies) == {"access_token", "refresh_token", "XSRF-TOKEN"}
    shown = {
        name: (c["path"], bool(c["httponly"]), bool(c["secure"]), c["samesite"].lower(), c["max-age"], c["domain"])
        for name, c in cookies.items()
    }
    assert shown == {
        "access_token": ("/", True, True, "lax", "900", ""),
        "refresh_token": ("/api/auth/refresh", True, True, "lax", "604800", ""),
        "XSRF-TOKEN": ("/", False, True, "lax", "900", ""),
    }
    assert not set('="%;') & set(cookies["XSRF-TOKEN"].value)


async def test_the_access_token_carries_the_user_id_roles_and_resolved_competencies(
    kit: ServiceKit, people: People
) -> None:
    user_id, name = await people.account("staff", profession="healthcare_assistant", roles=("Clinician",))
    visitor = await people.sign_in(name)
    claims = await kit.parts.tokens.access(visitor.access)
    assert claims.user_id == user_id
    assert claims.roles == ("Clinician",)
    assert claims.competencies == ("access_patient_records", "perform_venepuncture")
    csrf = await kit.parts.tokens.csrf(visitor.csrf)
    assert csrf.session_id == claims.session_id


@pytest.mark.parametrize(
    ("username", "password"),
    [("ada", "wrong password"), ("ada", ""), ("nobody", PASSWORD), ("", ""), ("ADA", PASSWORD), ("ada", "x" * 200_000)],
)
async def test_whatever_is_wrong_the_answer_is_the_same(people: People, username: str, password: str) -> None:
    await people.account(username="ada")
    response = await people.login(username, password)
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid credentials"})
    assert "set-cookie" not in response.headers


async def test_an_inactive_account_is_refused_like_a_wrong_password(people: People) -> None:
    await people.account(username="gone", is_active=False)
    response = await people.login("gone")
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid credentials"})


@pytest.mark.parametrize("username", ["ada", "nobody", "gone"])
@pytest.mark.parametrize("password", [PASSWORD + "x", ""])
async def test_every_refusal_costs_one_verification(
    kit: ServiceKit, people: People, monkeypatch: pytest.MonkeyPatch, username: str, password: str
) -> None:
    await people.account(username="ada")
    await people.account(username="gone", is_active=False)
    passwords = kit.app.state.auth.passwords
    seen: list[str] = []
    matches = passwords._matches

    def noted(stored: str, given: str) -> bool:
        seen.append(stored)
        return bool(matches(stored, given))

    monkeypatch.setattr(passwords, "_matches", noted)
    assert (await people.login(username, password)).status_code == 400
    assert len(seen) == 1
    assert seen[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_an_old_hash_is_renewed_at_sign_in(kit: ServiceKit, people: People) -> None:
    from argon2 import PasswordHasher

    user_id, _ = await people.account(username="ada")
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await kit.write(update(User).where(User.id == user_id).values(password_hash=weak))
    assert (await people.login("ada")).status_code == 200
    renewed = (await kit.read("SELECT password_hash FROM users"))[0]["password_hash"]
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await people.login("ada")).status_code == 200
    assert (await kit.read("SELECT password_hash FROM users"))[0]["password_hash"] == renewed


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "ada",
        {"username": "ada"},
        {"username": 1, "password": "x"},
        {"username": "a\x00da", "password": "x"},
        {"username": None, "password": None},
        {"username": "ada", "password": {"$ne": ""}},
        {"username": "ada", "password": "x", "totp_code": 5},
    ],
)
async def test_a_body_that_is_no_sign_in_is_a_422(people: People, body: Any) -> None:
    response = await people.kit.anonymous.post("/api/auth/login", json=body)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], list)


@pytest.mark.parametrize(
    "content",
    [
        b'{"username": "\\ud800", "password": "x"}',
        b'{"username": "x", "password": "\\ud800"}',
        b'{"username": "\xff", "password": "x"}',
        b"[" * 100_000,
        b"",
    ],
)
async def test_bytes_that_are_no_sign_in_are_refused(people: People, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await people.kit.anonymous.post("/api/auth/login", content=content, headers=headers)
    assert response.status_code in (400, 422), response.text


async def test_a_session_that_cannot_be_committed_is_not_given_out(kit: ServiceKit, people: People) -> None:
    await people.account(username="ada")
    async with kit.failing_commits("session"):
        response = await people.login("ada")
    assert response.status_code >= 500
    assert "set-cookie" not in response.headers
    assert await kit.read("SELECT id FROM session") == []
    assert await kit.read("SELECT generation FROM refresh_token") == []


async def test_a_password_changed_while_it_is_checked_lets_nobody_in(
    kit: ServiceKit, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, _ = await people.account(username="ada")
    passwords = kit.app.state.auth.passwords
    verify = passwords.verify

    async def verify_and_change(stored: str | None, password: str) -> bool:
        good: bool = await verify(stored, password)
        await kit.write(update(User).where(User.id == user_id).values(password_hash="another"))
        return good

    monkeypatch.setattr(type(passwords), "verify", lambda _, stored, password: verify_and_change(stored, password))
    assert (await people.login("ada")).status_code == 400
    assert await kit.read("SELECT id FROM session") == []


async def test_many_sign_ins_at_once_each_get_a_session(kit: ServiceKit, people: People) -> None:
    await people.account(username="ada")
    answers = await asyncio.gather(*(people.login("ada") for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len(await kit.read("SELECT id FROM session")) == 8


async def test_signing_in_takes_two_statements_and_one_for_the_record(kit: ServiceKit, people: People) -> None:
    await people.account(username="ada")
    with kit.statements() as seen:
        await people.login("ada")
    assert len(seen) == 3
