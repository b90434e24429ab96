"""What people are told by mail about their second factor, and when."""

from quill_auth.testing.people import People
from quill_auth.testing.second_factors import Device, Factors
from quill_common.testing.kit import ServiceKit

ON, OFF = "Two-factor sign-in was switched on", "Two-factor sign-in was switched off"
RESET, NEW, USED = "Two-factor sign-in was reset", "New recovery codes were made", "A recovery code was used"


async def told(kit: ServiceKit, device: Device) -> list[str]:
    """The subjects of the mails to the owner, oldest first; there are none to anybody else, and none tells a secret."""
    rows = await kit.read("SELECT recipient, subject, body FROM outgoing_mail ORDER BY created_at")
    assert {row["recipient"] for row in rows} <= {f"{device.visitor.username}@example.org"}
    text = str([row["body"] for row in rows])
    assert not [secret for secret in (device.secret, *device.recovery_codes) if secret in text]
    return [row["subject"] for row in rows]


async def test_switching_it_on_and_off_is_told(kit: ServiceKit, people: People, factors: Factors) -> None:
    device = await factors.pending(await people.visitor())
    assert await told(kit, device) == []
    await device.visitor.client.post("/api/auth/totp/verify", json={"code": "000000"})
    assert await told(kit, device) == []
    await device.visitor.client.post("/api/auth/totp/verify", json={"code": device.code()})
    assert await told(kit, device) == [ON]
    for _ in range(2):
        assert (await device.visitor.client.post("/api/auth/totp/disable")).status_code == 200
    assert await told(kit, device) == [ON, OFF]


async def test_giving_up_a_secret_that_was_never_verified_is_not_told(
    kit: ServiceKit, people: People, factors: Factors
) -> None:
    device = await factors.pending(await people.visitor())
    await device.visitor.client.post("/api/auth/totp/disable")
    await factors.pending(device.visitor)
    await kit.service("operator").post(f"/internal/users/{device.visitor.id}/reset-totp")
    assert await told(kit, device) == []


async def test_new_recovery_codes_are_told(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    for code in ("000000", device.code()):
        await device.visitor.client.post("/api/auth/totp/recovery-codes", json={"code": code})
    assert await told(kit, device) == [ON, NEW]


async def test_a_used_recovery_code_is_told_with_how_many_are_left(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    name, code = device.visitor.username, device.recovery_codes[0]
    assert (await factors.login(name, code, "a wrong password")).status_code == 400
    assert [(await factors.login(name, code)).status_code for _ in range(2)] == [200, 400]
    assert (await factors.login(name, device.code())).status_code == 200
    assert await told(kit, device) == [ON, USED]
    (mail,) = await kit.read("SELECT body FROM outgoing_mail WHERE subject = :subject", subject=USED)
    assert "left: 9." in mail["body"]


async def test_a_reset_by_an_operator_is_told(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    for _ in range(2):
        await kit.service("operator").post(f"/internal/users/{device.visitor.id}/reset-totp")
    assert await told(kit, device) == [ON, RESET]


async def test_what_cannot_be_committed_is_not_told(kit: ServiceKit, factors: Factors) -> None:
    device = await factors.enabled()
    async with kit.failing_commits("users"):
        assert (await device.visitor.client.post("/api/auth/totp/disable")).status_code >= 500
    async with kit.failing_commits("session"):
        assert (await factors.login(device.visitor.username, device.recovery_codes[0])).status_code >= 500
    assert await told(kit, device) == [ON]
