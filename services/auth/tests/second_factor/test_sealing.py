"""TOTP secrets at rest."""

from pathlib import Path

import pytest
from quill_auth.account.tables import User
from quill_auth.second_factor.errors import UnreadableSecret
from quill_auth.second_factor.sealing import TotpSecrets
from quill_auth.testing.second_factors import Device, Factors
from quill_common.identity.secret_keys import SecretKeys
from quill_common.testing.kit import ServiceKit
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def sealed(tmp_path: Path) -> TotpSecrets:
    return TotpSecrets(SecretKeys(tmp_path))


def test_a_sealed_secret_opens_for_its_account_alone(sealed: TotpSecrets) -> None:
    stored = sealed.seal(7, SECRET)
    assert SECRET not in stored
    assert sealed.open(7, stored) == SECRET
    assert sealed.seal(7, SECRET) != stored
    with pytest.raises(UnreadableSecret):
        sealed.open(8, stored)


def test_nothing_opens_that_was_touched(sealed: TotpSecrets) -> None:
    stored = sealed.seal(7, SECRET)
    kid, _, content = stored.partition(":")
    swapped = "B" if content[20] == "A" else "A"
    for broken in (
        "",
        ":",
        kid,
        f"{kid}:",
        f"{kid}:AAAA",
        f"{kid}:{content[:20]}{swapped}{content[21:]}",
        SECRET,
        f"x:{content}",
    ):
        with pytest.raises(UnreadableSecret):
            sealed.open(7, broken)


def test_old_keys_open_and_new_ones_seal(sealed: TotpSecrets, tmp_path: Path) -> None:
    stored = sealed.seal(7, SECRET)
    assert not sealed.is_outdated(stored)
    kid = sealed.keys.rotate()
    assert sealed.is_outdated(stored)
    assert sealed.open(7, stored) == SECRET
    assert sealed.seal(7, SECRET).startswith(f"{kid}:")
    # A process that has not looked yet finds the key when it meets its id.
    assert TotpSecrets(SecretKeys(tmp_path)).open(7, sealed.seal(7, SECRET)) == SECRET


async def stored(kit: ServiceKit, user_id: int) -> str:
    [row] = await kit.read("SELECT totp_secret FROM users WHERE id = :id", id=user_id)
    return str(row["totp_secret"])


async def test_use_seals_with_the_newest_key(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    before = await stored(kit, device.visitor.id)
    rotated = await kit.service("operator").post("/internal/second-factor/rotate-key")
    assert (await factors.login(device.visitor.username, "000000")).status_code == 400
    assert await stored(kit, device.visitor.id) == before
    assert (await factors.login(device.visitor.username, device.code())).status_code == 200
    assert (await stored(kit, device.visitor.id)).startswith(f"{rotated.json()['kid']}:")
    factors.next_step()
    assert (await factors.login(device.visitor.username, device.code())).status_code == 200


async def refused_aloud(factors: Factors, device: Device, code: str) -> None:
    response = await factors.login(device.visitor.username, code)
    assert (response.status_code, response.json()) == (503, {"detail": "Service temporarily unavailable"})
    assert "retry-after" in response.headers
    assert "set-cookie" not in response.headers


async def test_someone_elses_ciphertext_opens_nothing(kit: ServiceKit, factors: Factors) -> None:
    ada, eve = await factors.enabled(), await factors.enabled()
    copied = await stored(kit, eve.visitor.id)
    await kit.write(update(User).where(User.id == ada.visitor.id).values(totp_secret=copied))
    factors.next_step()
    await refused_aloud(factors, ada, eve.code())
    assert (await factors.login(eve.visitor.username, eve.code())).status_code == 200


async def test_without_its_key_nobody_is_let_in_and_somebody_is_told(kit: ServiceKit, factors: Factors) -> None:
    device, keys = await factors.enabled(), kit.directory / "keys" / "auth" / "second-factor"
    kid = (await stored(kit, device.visitor.id)).partition(":")[0]
    kit.app.state.auth.totp_secrets.keys.rotate()
    (keys / f"{kid}.key").rename(keys / "away")
    assert kit.app.state.auth.totp_secrets.keys.find("another") is None
    try:
        with capture_logs() as told:
            await refused_aloud(factors, device, device.code())
            await refused_aloud(factors, device, "000000")
        assert [line for line in told if line["log_level"] == "error"] == 2 * [
            {
                "event": "second factor unreadable",
                "log_level": "error",
                "user_id": device.visitor.id,
                "reason": "key missing",
                "kid": kid,
            }
        ]
        # Not skipped, and the ways out: a recovery code, switching off, an operator.
        assert (await factors.login(device.visitor.username)).json()["detail"]["error_code"] == "two_factor_required"
        assert (await factors.login(device.visitor.username, device.recovery_codes[0])).status_code == 200
        assert (await device.visitor.client.post("/api/auth/totp/disable")).status_code == 200
    finally:
        (keys / "away").rename(keys / f"{kid}.key")


async def test_the_database_holds_no_factor_without_secret(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    with pytest.raises(IntegrityError):
        await kit.write(update(User).where(User.id == device.visitor.id).values(totp_secret=None))
