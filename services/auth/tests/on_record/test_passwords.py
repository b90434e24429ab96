"""Passwords that people change, forget and reset, on record."""

import re

from quill_auth.passwords.links import LinkSender
from quill_auth.testing.people import PASSWORD
from quill_auth.testing.scene import GUESS, Scene

NEW = PASSWORD + " and a half"


async def change(scene: Scene, current: str) -> int:
    body = {"current_password": current, "new_password": NEW}
    return (await scene.ada.client.post("/api/auth/change-password", json=body)).status_code


async def forget(scene: Scene, address: str) -> str | None:
    """The token of the newest link."""
    assert (await scene.kit.anonymous.post("/api/auth/forgot-password", json={"email": address})).status_code == 200
    await LinkSender(scene.kit.parts.units, scene.kit.parts.settings).send_due()
    mails = await scene.kit.read("SELECT body FROM outgoing_mail ORDER BY created_at DESC LIMIT 1")
    found = re.search(r"token=(\S+)", mails[0]["body"]) if mails else None
    return found[1] if found else None


async def reset(scene: Scene, token: str) -> int:
    body = {"token": token, "new_password": NEW}
    return (await scene.kit.anonymous.post("/api/auth/reset-password", json=body)).status_code


async def test_a_changed_password_and_a_guess_at_the_current_one(scene: Scene) -> None:
    other = await scene.people.sign_in(scene.ada.username)
    await scene.begin()
    assert (await change(scene, GUESS), await change(scene, PASSWORD)) == (400, 200)
    await scene.left(
        await scene.refusal("password.change", "ada", scene.ada.id, details={"status": 400}),
        await scene.ended("ada", "password set", other),
        await scene.entry("password.change", "ada", scene.ada.id),
    )


async def test_a_link_is_on_record_without_its_address_and_nobodys_address_leaves_nothing(scene: Scene) -> None:
    assert await forget(scene, "nobody@example.org") is None
    token = await forget(scene, f"{scene.ada.username}@example.org")
    assert token is not None
    [entry] = (await scene.kit.audited())[scene.seen :]
    facts = (entry["action"], entry["actor_service"], entry["subject_user_id"], entry["details"])
    assert facts == ("password.forget", "auth", scene.ada.id, None)
    await scene.begin()
    assert [await reset(scene, each) for each in (GUESS, token, token)] == [400, 200, 400]
    bad = await scene.refusal("password.reset", None, None, details={"status": 400})
    await scene.left(
        bad,
        await scene.entry("password.reset", None, scene.ada.id),
        await scene.ended(None, "password set", scene.ada),
        bad,
    )
    assert token not in str(await scene.kit.audited())
