"""Getting a second factor and losing it."""

import asyncio
import re

import pyotp
import pytest
from quill_auth.second_factor.service import reset
from quill_auth.testing.people import People, cookies_of
from quill_auth.testing.second_factors import Factors, until_someone_waits
from quill_common.testing.kit import ServiceKit

ALREADY = {"detail": {"message": "Two-factor is already enabled", "error_code": "totp_already_enabled"}}
INVALID = {"detail": {"message": "Invalid code", "error_code": "invalid_totp"}}
SETUP, VERIFY, DISABLE, CODES = (f"/api/auth/totp/{name}" for name in ("setup", "verify", "disable", "recovery-codes"))


async def test_the_uri_is_what_apps_read(people: People, factors: Factors) -> None:
    visitor = await people.visitor()
    answer = (await visitor.client.post(SETUP)).json()
    secret = (await factors.pending(visitor)).secret
    assert answer == {"provision_uri": f"otpauth://totp/Quill:{visitor.username}?secret={secret}&issuer=Quill"}
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    read = pyotp.parse_uri(answer["provision_uri"])
    assert isinstance(read, pyotp.TOTP)
    assert (read.name, read.issuer, read.digits, read.interval) == (visitor.username, "Quill", 6, 30)


async def test_names_cannot_break_out_of_the_uri(people: People) -> None:
    _, name = await people.account(username="a b/ü:&?#%@x")
    uri = (await (await people.sign_in(name)).client.post(SETUP)).json()["provision_uri"]
    assert uri.startswith("otpauth://totp/Quill:a%20b%2F%C3%BC%3A%26%3F%23%25%40x?secret=")


async def test_asking_again_or_twice_at_once_shows_the_same_code(people: People) -> None:
    visitor = await people.visitor()
    answers = await asyncio.gather(*(visitor.client.post(SETUP) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (await visitor.client.post(SETUP)).text == answers[0].text


async def test_a_pending_factor_is_not_on(people: People, factors: Factors) -> None:
    visitor = await people.visitor()
    await factors.pending(visitor)
    assert (await visitor.client.get("/api/auth/me")).json()["totp_enabled"] is False
    assert (await factors.login(visitor.username)).status_code == 200


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_code_of_this_step_or_beside_it_switches_on(people: People, factors: Factors, steps: int) -> None:
    device = await factors.pending(await people.visitor())
    client = device.visitor.client
    response = await client.post(VERIFY, json={"code": device.code(steps)})
    assert response.status_code == 200
    assert response.json()["detail"] == "enabled"
    codes = response.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([0-9a-hjkmnp-tv-z]{5}-){4}[0-9a-hjkmnp-tv-z]{5}", code) for code in codes)
    assert "set-cookie" not in response.headers
    assert (await client.get("/api/auth/me")).json()["totp_enabled"] is True


@pytest.mark.parametrize("steps", [-2, 2])
async def test_codes_of_other_times_do_not(people: People, factors: Factors, steps: int) -> None:
    device = await factors.pending(await people.visitor())
    response = await device.visitor.client.post(VERIFY, json={"code": device.code(steps)})
    assert (response.status_code, response.json()) == (400, INVALID)
    assert (await device.visitor.client.get("/api/auth/me")).json()["totp_enabled"] is False


async def test_verifying_needs_a_secret(people: People) -> None:
    response = await (await people.visitor()).client.post(VERIFY, json={"code": "123456"})
    assert (response.status_code, response.json()) == (
        400,
        {"detail": {"message": "No TOTP secret set", "error_code": "no_totp_secret"}},
    )


async def test_an_enabled_factor_shows_its_secret_to_nobody(factors: Factors) -> None:
    device = await factors.enabled()
    for path, body in ((SETUP, None), (VERIFY, {"code": device.code()})):
        response = await device.visitor.client.post(path, json=body)
        assert (response.status_code, response.json()) == (400, ALREADY)


async def test_of_many_verifications_with_one_code_one_gives_recovery_codes(people: People, factors: Factors) -> None:
    device = await factors.pending(await people.visitor())
    answers = await asyncio.gather(
        *(device.visitor.client.post(VERIFY, json={"code": device.code()}) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert len(await factors.kit.read("SELECT user_id FROM recovery_code")) == 10


async def test_switching_off_forgets_everything_and_ends_nothing(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    other = await factors.pending(await factors.people.visitor())
    response = await device.visitor.client.post(DISABLE)
    assert (response.status_code, response.json()) == (200, {"detail": "disabled"})
    rows = await kit.read(
        "SELECT id, is_totp_enabled, totp_secret IS NOT NULL AS secret, totp_last_step FROM users ORDER BY id"
    )
    assert [tuple(row.values()) for row in rows] == [
        (device.visitor.id, False, False, None),
        (other.visitor.id, False, True, None),
    ]
    assert await kit.read("SELECT user_id FROM recovery_code") == []
    assert (await device.visitor.client.get("/api/auth/me")).json()["totp_enabled"] is False
    assert (await device.visitor.client.post(DISABLE)).json() == {"detail": "disabled"}
    assert (await factors.pending(device.visitor)).secret != device.secret


async def test_who_switches_on_again_at_once_need_not_wait_for_the_next_step(factors: Factors) -> None:
    device = await factors.enabled()
    assert (await factors.login(device.visitor.username, device.code())).status_code == 200
    await device.visitor.client.post(DISABLE)
    again = await factors.pending(device.visitor)
    assert (await again.visitor.client.post(VERIFY, json={"code": again.code()})).status_code == 200


async def test_new_recovery_codes_need_a_code_of_the_app_and_kill_the_old(factors: Factors) -> None:
    device = await factors.enabled()
    client, name = device.visitor.client, device.visitor.username
    for wrong in ("000000", "", device.code(-1), device.recovery_codes[0]):
        response = await client.post(CODES, json={"code": wrong})
        assert (response.status_code, response.json()) == (400, INVALID), wrong
    response = await client.post(CODES, json={"code": device.code()})
    assert response.status_code == 200
    assert response.json()["detail"] == "created"
    fresh = response.json()["recovery_codes"]
    assert len(set(fresh)) == 10
    assert not set(fresh) & set(device.recovery_codes)
    assert (await client.post(CODES, json={"code": device.code()})).json() == INVALID
    assert (await factors.login(name, device.recovery_codes[0])).status_code == 400
    assert (await factors.login(name, fresh[0])).status_code == 200


@pytest.mark.parametrize("is_pending", [True, False])
async def test_who_has_no_factor_has_no_recovery_codes(people: People, factors: Factors, is_pending: bool) -> None:
    visitor = await people.visitor()
    code = (await factors.pending(visitor)).code() if is_pending else "123456"
    response = await visitor.client.post(CODES, json={"code": code})
    assert (response.status_code, response.json()) == (
        400,
        {"detail": {"message": "Two-factor is not enabled", "error_code": "totp_not_enabled"}},
    )


@pytest.mark.parametrize(
    "code",
    ["", " ", "12345", "1234567", "abcdef", "１２３４５６", "١٢٣٤٥٦", "12345\x00", "-123456.", "+12345", "x" * 128],
)
async def test_what_is_no_code_is_a_wrong_code(people: People, factors: Factors, code: str) -> None:
    device = await factors.pending(await people.visitor())
    response = await device.visitor.client.post(VERIFY, json={"code": code})
    assert (response.status_code, response.json()) == (400, INVALID)


@pytest.mark.parametrize("body", [{}, [], {"code": None}, {"code": 123456}, {"code": ["1"]}, {"code": "1" * 200_000}])
async def test_bodies_that_carry_no_code_are_a_422(people: People, body: object) -> None:
    visitor = await people.visitor()
    for path in (VERIFY, CODES):
        assert (await visitor.client.post(path, json=body)).status_code == 422


@pytest.mark.parametrize("path", [SETUP, VERIFY, DISABLE, CODES])
async def test_nobody_else_may(kit: ServiceKit, path: str) -> None:
    response = await kit.anonymous.post(path, json={"code": "123456"})
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


async def test_a_verification_that_cannot_be_committed_leaves_it_off(
    kit: ServiceKit, people: People, factors: Factors
) -> None:
    device = await factors.pending(await people.visitor())
    async with kit.failing_commits("recovery_code"):
        response = await device.visitor.client.post(VERIFY, json={"code": device.code()})
    assert response.status_code >= 500
    assert await kit.read("SELECT id FROM users WHERE is_totp_enabled OR totp_last_step IS NOT NULL") == []
    # The code was not used up by it.
    assert (await device.visitor.client.post(VERIFY, json={"code": device.code()})).status_code == 200


async def test_an_operator_resets_it_and_every_session_ends(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    second = await factors.login(device.visitor.username, device.code())
    response = await kit.service("operator").post(f"/internal/users/{device.visitor.id}/reset-totp")
    assert response.status_code == 200
    assert response.json() == {"id": device.visitor.id, "totp_enabled": False, "sessions_ended": 2}
    assert len(response.headers["X-Quill-Revoked-Sessions"].split(",")) == 2
    for token in (device.visitor.access, cookies_of(second)["access_token"].value):
        assert (await kit.client(token).get("/api/auth/me")).status_code == 401
    assert await kit.read("SELECT user_id FROM recovery_code") == []
    assert (await factors.login(device.visitor.username)).status_code == 200


async def test_only_operators_reset(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled("superadmin")
    path = f"/internal/users/{device.visitor.id}/reset-totp"
    assert (await device.visitor.client.post(path)).status_code == 401
    assert (await kit.service("gateway").post(path)).status_code == 403
    assert (await kit.service("operator").post("/internal/users/999/reset-totp")).status_code == 404
    assert (await kit.service("gateway").post("/internal/second-factor/rotate-key")).status_code == 403


async def test_a_session_that_ends_while_it_waits_sets_nothing_up(kit: ServiceKit, people: People) -> None:
    visitor = await people.visitor()
    async with kit.parts.units.open() as unit:
        await reset(unit, visitor.id)
        waiting = asyncio.create_task(visitor.client.post(SETUP))
        await until_someone_waits(kit)
    response = await waiting
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid token"})
    assert await kit.read("SELECT id FROM users WHERE totp_secret IS NOT NULL") == []
