"""Second factors and recovery codes on record; the codes themselves never."""

from quill_auth.testing.scene import Scene

VERIFY, RENEW = "/api/auth/totp/verify", "/api/auth/totp/recovery-codes"


async def test_setting_up_guessing_new_codes_and_switching_off(scene: Scene) -> None:
    client = scene.ada.client
    device = await scene.factors.pending(scene.ada)
    assert (await client.post(VERIFY, json={"code": "000000"})).status_code == 400
    codes = (await client.post(VERIFY, json={"code": device.code()})).json()["recovery_codes"]
    scene.factors.next_step()
    assert (await client.post(RENEW, json={"code": device.code()})).status_code == 200
    assert (await client.post(RENEW, json={"code": codes[0]})).status_code == 400
    assert (await client.post("/api/auth/totp/disable")).status_code == 200
    guess = {"details": {"status": 400}}
    await scene.left(
        await scene.entry("second_factor.prepare", "ada", scene.ada.id),
        await scene.refusal("second_factor.enable", "ada", scene.ada.id, **guess),
        await scene.entry("second_factor.enable", "ada", scene.ada.id),
        await scene.entry("recovery_code.create", "ada", scene.ada.id),
        await scene.refusal("recovery_code.create", "ada", scene.ada.id, **guess),
        await scene.entry("second_factor.disable", "ada", scene.ada.id),
    )
    found = str(await scene.kit.audited())
    assert not [secret for secret in (*codes, device.secret, "000000") if secret in found]


async def test_signing_in_with_one(scene: Scene) -> None:
    device = await scene.factors.enabled()
    visitor, code = device.visitor, device.recovery_codes[0]
    await scene.begin()
    expected = []
    for given, reason in ((None, "second factor missing"), ("000000", "second factor")):
        assert (await scene.factors.login(visitor.username, given)).status_code == 400
        expected.append(await scene.refusal("session.refuse", None, visitor.id, details={"reason": reason}))
    for given, factor in ((device.code(), "totp"), (code, "recovery code")):
        assert (await scene.factors.login(visitor.username, given)).status_code == 200
        who = {"actor_id": visitor.id, "session_id": await scene.newest_session()}
        if given == code:
            expected.append(await scene.entry("recovery_code.use", None, visitor.id, details={"left": 9}, **who))
        details = {"factors": ["password", factor]}
        expected.append(await scene.entry("session.begin", None, visitor.id, details=details, **who))
    await scene.left(*expected)
    assert code not in str(await scene.kit.audited())


async def test_a_reset_by_the_operator(scene: Scene) -> None:
    path = f"/internal/users/{scene.ada.id}/reset-totp"
    assert (await scene.client("operator").post(path)).status_code == 200
    await scene.left(
        await scene.ended("operator", "second factor reset", scene.ada),
        await scene.entry("second_factor.reset", "operator", scene.ada.id),
    )
