"""Signing in with a second factor, and every way round it that we could think of."""

import asyncio

import pytest
from quill_auth.account.tables import User
from quill_auth.second_factor import service
from quill_auth.session.errors import FailedSignIn, InvalidSecondFactor, TwoFactorRequired
from quill_auth.testing.people import PASSWORD, People, cookies_of
from quill_auth.testing.second_factors import Factors, until_someone_waits
from quill_common.testing.kit import ServiceKit
from sqlalchemy import update

REQUIRED = (400, {"detail": {"message": "Two-factor required", "error_code": "two_factor_required"}})
INVALID = (400, {"detail": {"message": "Invalid two-factor code", "error_code": "invalid_totp"}})
WRONG = (400, {"detail": "Invalid credentials"})


@pytest.mark.parametrize("code", [None, "", "  "])
async def test_a_right_password_without_a_code_asks_for_one(factors: Factors, code: str | None) -> None:
    device = await factors.enabled()
    response = await factors.login(device.visitor.username, code)
    assert (response.status_code, response.json()) == REQUIRED
    assert "set-cookie" not in response.headers
    assert len(await factors.kit.read("SELECT id FROM session")) == 1


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("shown", ["{}", " {} ", "{0:.3} {0:.3}"])
async def test_a_code_of_this_step_or_the_next_signs_in(factors: Factors, steps: int, shown: str) -> None:
    device = await factors.enabled()
    code = device.code(steps)
    typed = f"{code[:3]} {code[3:]}" if ".3" in shown else shown.format(code)
    response = await factors.login(device.visitor.username, typed)
    assert response.status_code == 200, response.text
    assert set(cookies_of(response)) == {"access_token", "refresh_token", "XSRF-TOKEN"}


async def test_a_code_of_the_step_before_signs_in_when_it_was_not_used(factors: Factors) -> None:
    device = await factors.enabled()
    factors.next_step()
    assert (await factors.login(device.visitor.username, device.code(-1))).status_code == 200


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
async def test_codes_of_other_times_are_refused(factors: Factors, steps: int) -> None:
    device = await factors.enabled()
    factors.next_step()
    factors.next_step()
    response = await factors.login(device.visitor.username, device.code(steps))
    assert (response.status_code, response.json()) == INVALID


async def test_a_code_signs_in_once(factors: Factors) -> None:
    device = await factors.enabled()
    code = device.code()
    assert (await factors.login(device.visitor.username, code)).status_code == 200
    for again in (code, device.code(-1)):
        response = await factors.login(device.visitor.username, again)
        assert (response.status_code, response.json()) == INVALID


async def test_the_code_that_verified_the_set_up_does_not_sign_in(factors: Factors) -> None:
    device = await factors.enabled()
    response = await factors.login(device.visitor.username, device.code(-1))
    assert (response.status_code, response.json()) == INVALID


async def test_of_twenty_sign_ins_with_one_code_one_succeeds(factors: Factors) -> None:
    device = await factors.enabled()
    name, code = device.visitor.username, device.code()
    answers = await asyncio.gather(*(factors.login(name, code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    assert len(await factors.kit.read("SELECT id FROM session")) == 2


async def test_a_wrong_password_learns_nothing_of_the_factor(factors: Factors) -> None:
    device = await factors.enabled()
    for code in (None, device.code(), device.recovery_codes[0], "000000"):
        response = await factors.login(device.visitor.username, code, password="a wrong password")
        assert (response.status_code, response.json()) == WRONG
    # None of it was used up.
    assert (await factors.login(device.visitor.username, device.code())).status_code == 200
    assert (await factors.login(device.visitor.username, device.recovery_codes[0])).status_code == 200


async def test_an_account_that_is_off_is_refused_whatever_the_code(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    await kit.service("operator").post(f"/internal/users/{device.visitor.id}/deactivate")
    for code in (None, device.code(), device.recovery_codes[0], "000000"):
        response = await factors.login(device.visitor.username, code)
        assert (response.status_code, response.json()) == WRONG
    assert len(await kit.read("SELECT 1 FROM recovery_code")) == 10


async def test_codes_of_someone_else_open_nothing(factors: Factors) -> None:
    ada, eve = await factors.enabled(), await factors.enabled()
    factors.next_step()
    for code in (eve.code(), eve.recovery_codes[0]):
        response = await factors.login(ada.visitor.username, code)
        assert (response.status_code, response.json()) == INVALID
    assert (await factors.login(eve.visitor.username, eve.recovery_codes[0])).status_code == 200


async def test_a_recovery_code_signs_in_once_however_it_is_typed(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    first, second, third = device.recovery_codes[:3]
    misread = third.replace("0", "O").replace("1", "l")
    for typed in (first, f" {second.upper().replace('-', ' ')} ", misread.replace("-", "")):
        assert (await factors.login(device.visitor.username, typed)).status_code == 200, typed
    for typed in (first, second, third):
        response = await factors.login(device.visitor.username, typed)
        assert (response.status_code, response.json()) == INVALID
    assert len(await kit.read("SELECT 1 FROM recovery_code")) == 7


async def test_of_twenty_sign_ins_with_one_recovery_code_one_succeeds(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    name, code = device.visitor.username, device.recovery_codes[4]
    answers = await asyncio.gather(*(factors.login(name, code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    assert len(await kit.read("SELECT 1 FROM recovery_code")) == 9


async def test_recovery_codes_are_not_stored(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    stored = await kit.read("SELECT row_to_json(u)::text AS u FROM users u")
    stored += await kit.read("SELECT encode(code_hash, 'escape') AS c FROM recovery_code")
    text = str(stored).lower()
    assert device.secret.lower() not in text
    assert not any(code in text or code.replace("-", "") in text for code in device.recovery_codes)


@pytest.mark.parametrize(
    "code",
    [
        "x",
        "12345",
        "1234567",
        "１２３４５６",
        "١٢٣٤٥٦",
        "123456\x00",
        "null",
        "'; --",
        "0" * 128,
        "u" * 25,
        "ſ" * 25,
        "İ" * 25,
    ],
)
async def test_whatever_is_no_code_is_a_wrong_code(factors: Factors, code: str) -> None:
    device = await factors.enabled()
    response = await factors.login(device.visitor.username, code)
    assert (response.status_code, response.json()) == INVALID


@pytest.mark.parametrize("code", [123456, ["123456"], {"$ne": ""}, True, "1" * 129, "1" * 900_000])
async def test_what_is_not_even_short_text_is_a_422(factors: Factors, code: object) -> None:
    assert (await factors.login("nobody", code)).status_code == 422


async def test_a_lone_surrogate_is_refused(factors: Factors) -> None:
    content = f'{{"username": "x", "password": "{PASSWORD}", "totp_code": "\\ud800"}}'
    headers = {"content-type": "application/json"}
    response = await factors.kit.anonymous.post("/api/auth/login", content=content.encode(), headers=headers)
    assert response.status_code in (400, 422)


async def test_an_account_without_a_factor_needs_no_code(people: People, factors: Factors) -> None:
    _, name = await people.account()
    assert (await factors.login(name, "123456")).status_code == 200


async def test_a_failed_sign_in_uses_nothing_up(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    async with kit.failing_commits("session"):
        for code in (device.code(), device.recovery_codes[0]):
            assert (await factors.login(device.visitor.username, code)).status_code >= 500
    for code in (device.code(), device.recovery_codes[0]):
        assert (await factors.login(device.visitor.username, code)).status_code == 200


async def test_a_factor_that_is_enabled_while_the_password_is_checked_lets_nobody_in(
    kit: ServiceKit, people: People, factors: Factors, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await factors.pending(await people.visitor())
    passwords = kit.app.state.auth.passwords
    verify = passwords.verify

    async def verify_and_enable(stored: str | None, password: str) -> bool:
        good: bool = await verify(stored, password)
        await kit.write(update(User).values(is_totp_enabled=True))
        return good

    monkeypatch.setattr(type(passwords), "verify", lambda _, stored, password: verify_and_enable(stored, password))
    assert (await factors.login(device.visitor.username)).status_code == 400
    assert len(await kit.read("SELECT id FROM session")) == 1


async def test_a_factor_that_is_reset_meanwhile_is_not_asked_for(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    async with kit.parts.units.open() as unit:
        await service.reset(unit, device.visitor.id)
        waiting = asyncio.create_task(factors.login(device.visitor.username, "000000"))
        await until_someone_waits(kit)
    assert (await waiting).status_code == 200


def test_a_wrong_code_counts_as_a_failure_and_a_missing_one_does_not() -> None:
    assert issubclass(InvalidSecondFactor, FailedSignIn)
    assert not issubclass(TwoFactorRequired, FailedSignIn)
