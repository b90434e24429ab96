"""A forgotten password, in the system as it runs: asked for, mailed into the data directory, set anew."""

import asyncio
import re
import stat
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import PASSWORD, account, good

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

NEW = "a better password than before"


async def _mail(system: RunningSystem, to: str, subject: str) -> tuple[EmailMessage, Path]:
    """The mail, when it is there."""
    async with asyncio.timeout(60):
        while True:
            for path in (system.directory / "data" / "mail").glob("*.eml"):
                message = message_from_bytes(path.read_bytes(), policy=default)
                if (message["To"], message["Subject"]) == (to, subject):
                    return message, path
            await asyncio.sleep(0.05)


async def test_a_forgotten_password_is_set_anew_by_a_mailed_link(system: RunningSystem) -> None:
    admin = await system.visitor()
    _, name = await account(admin)
    address = f"{name}@example.org"
    before = await system.visitor(name, PASSWORD)
    async with Visitor(system.url) as visitor:
        assert await good(await visitor.call("POST", "/api/auth/forgot-password", {"email": address.upper()})) == {
            "detail": "ok"
        }
        message, path = await _mail(system, address, "Reset your Quill password")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        found = re.search(r"http://localhost/reset-password\?token=(\S+)", message.get_content())
        assert found
        body = {"token": found[1], "new_password": NEW}
        assert (await good(await visitor.call("POST", "/api/auth/reset-password", body)))["detail"]
        assert (await visitor.call("POST", "/api/auth/reset-password", body)).status_code == 400
    assert (await before.call("GET", "/api/auth/me")).status_code == 401
    assert (await before.call("POST", "/api/auth/refresh")).status_code == 401
    async with Visitor(system.url) as visitor:
        assert (await visitor.sign_in(name, PASSWORD)).status_code == 400
    after = await system.visitor(name, NEW)
    await _mail(system, address, "Your Quill password was changed")
    assert await system.query("SELECT id FROM auth.outgoing_mail WHERE recipient = $1", address) == []
    # Changed by the person: the own browser goes on, the other one does not.
    other = await system.visitor(name, NEW)
    body = {"current_password": NEW, "new_password": PASSWORD}
    await good(await after.call("POST", "/api/auth/change-password", body))
    assert (await other.call("GET", "/api/auth/me")).status_code == 401
    await good(await after.call("GET", "/api/auth/me"))
    await good(await after.call("POST", "/api/auth/refresh"))
