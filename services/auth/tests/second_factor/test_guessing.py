"""Somebody who knows the password guesses codes (NIST SP 800-63B-4, 3.2.2)."""

import asyncio
from collections.abc import Iterator

import pytest
from quill_auth.passwords.links import hash_of
from quill_auth.settings import Settings
from quill_auth.testing.people import PASSWORD, People
from quill_auth.testing.second_factors import Device, Factors
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

INVALID = (400, {"detail": {"message": "Invalid two-factor code", "error_code": "invalid_totp"}})
WARNING = "Somebody may know your Quill password"
NEW = "a new and quiet Wednesday"
MOST = 3


@pytest.fixture(autouse=True)
def three_guesses(kit: ServiceKit) -> Iterator[None]:
    settings = kit.app.state.auth.settings
    usual, settings.second_factor_failures = settings.second_factor_failures, MOST
    yield
    settings.second_factor_failures = usual


async def failures(kit: ServiceKit, device: Device) -> int:
    rows = await kit.read("SELECT second_factor_failures FROM users WHERE id = :id", id=device.visitor.id)
    return int(rows[0]["second_factor_failures"])


async def guess(factors: Factors, device: Device, times: int = 1, code: str = "000000") -> None:
    for _ in range(times):
        response = await factors.login(device.visitor.username, code)
        assert (response.status_code, response.json()) == INVALID


async def warnings(kit: ServiceKit) -> list[str]:
    rows = await kit.read("SELECT recipient FROM outgoing_mail WHERE subject = :subject", subject=WARNING)
    return [row["recipient"] for row in rows]


async def is_open(factors: Factors, device: Device, password: str = PASSWORD) -> bool:
    """Whether the code of now lets in."""
    factors.next_step()
    return (await factors.login(device.visitor.username, device.code(), password)).status_code == 200


async def test_after_too_many_in_a_row_no_code_is_right(kit: ServiceKit, factors: Factors) -> None:
    device, other = await factors.enabled(), await factors.enabled()
    await guess(factors, device, MOST)
    for code in (device.code(), device.code(1), device.recovery_codes[0], "000000"):
        response = await factors.login(device.visitor.username, code)
        assert (response.status_code, response.json()) == INVALID
    assert await failures(kit, device) == MOST
    assert len(await kit.read("SELECT 1 FROM recovery_code WHERE user_id = :id", id=device.visitor.id)) == 10
    assert await is_open(factors, other)
    # Sessions of before go on.
    assert (await device.visitor.client.get("/api/auth/me")).status_code == 200


async def test_its_owner_is_told_once_that_somebody_knows_the_password(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    await guess(factors, device, MOST - 1)
    assert await warnings(kit) == []
    await guess(factors, device, 3)
    assert await warnings(kit) == [f"{device.visitor.username}@example.org"]
    (closed,) = [entry for entry in await kit.audited() if entry["action"] == "second_factor.close"]
    assert (closed["actor_id"], closed["actor_service"], closed["subject_user_id"]) == (None, "auth", device.visitor.id)


@pytest.mark.parametrize("recovery", [False, True])
async def test_a_right_code_begins_the_count_anew(kit: ServiceKit, factors: Factors, recovery: bool) -> None:
    device = await factors.enabled()
    for place in range(3):
        await guess(factors, device, MOST - 1)
        assert await failures(kit, device) == MOST - 1
        factors.next_step()
        code = device.recovery_codes[place] if recovery else device.code()
        assert (await factors.login(device.visitor.username, code)).status_code == 200
        assert await failures(kit, device) == 0


async def test_wrong_recovery_codes_count_and_a_missing_code_does_not(kit: ServiceKit, factors: Factors) -> None:
    device, other = await factors.enabled(), await factors.enabled()
    await guess(factors, device, code=other.recovery_codes[0])
    for code in (None, "", "  "):
        await factors.login(device.visitor.username, code)
    assert await failures(kit, device) == 1


async def test_who_does_not_know_the_password_closes_nothing(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    for _ in range(MOST + 1):
        response = await factors.login(device.visitor.username, "000000", "a wrong password")
        assert (response.status_code, response.json()) == (400, {"detail": "Invalid credentials"})
    assert await failures(kit, device) == 0
    assert await is_open(factors, device)


async def test_guesses_at_once_do_not_slip_past_the_count(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    answers = await asyncio.gather(*(factors.login(device.visitor.username, "000000") for _ in range(12)))
    assert [(answer.status_code, answer.json()) for answer in answers] == [INVALID] * 12
    assert await failures(kit, device) == MOST
    assert len(await warnings(kit)) == 1
    assert not await is_open(factors, device)


async def test_a_guess_that_cannot_be_counted_is_not_answered(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    async with kit.failing_commits("users"):
        assert (await factors.login(device.visitor.username, "000000")).status_code >= 500


async def test_an_operator_opens_it_again(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    await guess(factors, device, MOST)
    await kit.service("operator").post(f"/internal/users/{device.visitor.id}/reset-totp")
    assert await failures(kit, device) == 0
    assert (await factors.login(device.visitor.username)).status_code == 200


async def test_a_password_that_an_administrator_sets_opens_it_again(
    kit: ServiceKit, people: People, factors: Factors
) -> None:
    device, admin = await factors.enabled(), await people.visitor("admin")
    await guess(factors, device, MOST)
    path = f"/api/users/{device.visitor.id}"
    assert (await admin.client.patch(path, json={"name": "Ada Example"})).status_code == 200
    assert not await is_open(factors, device)
    assert (await admin.client.patch(path, json={"password": NEW})).status_code == 200
    assert await is_open(factors, device, NEW)


async def test_a_password_set_by_a_mailed_link_opens_it_again(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    await guess(factors, device, MOST)
    link = "INSERT INTO password_reset (token_hash, user_id, expires_at) VALUES (:hash, :id, now() + interval '1 h')"
    await kit.write(text(link), {"hash": hash_of("token"), "id": device.visitor.id})
    body = {"token": "token", "new_password": NEW}
    assert (await kit.anonymous.post("/api/auth/reset-password", json=body)).status_code == 200
    assert await is_open(factors, device, NEW)


async def test_a_password_that_its_owner_changes_opens_it_again(factors: Factors) -> None:
    device = await factors.enabled()
    await guess(factors, device, MOST)
    body = {"current_password": PASSWORD, "new_password": NEW}
    response = await device.visitor.client.post("/api/auth/change-password", json=body)
    assert response.status_code == 200, response.text
    assert await is_open(factors, device, NEW)


def test_a_hundred_is_usual_and_the_most() -> None:
    assert Settings(database_url="postgresql://x").second_factor_failures == 100
    with pytest.raises(ValueError, match="less than or equal to 100"):
        Settings(database_url="postgresql://x", second_factor_failures=101)
