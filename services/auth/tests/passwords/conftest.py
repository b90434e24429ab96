"""The post of the service, and links out of it."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from quill_auth.passwords.links import LinkSender
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit

NEW = "a new and quiet Wednesday"


@dataclass
class Letterbox:
    """What was posted, and the loop that makes links, run by hand."""

    kit: ServiceKit

    def sender(self) -> LinkSender:
        return LinkSender(self.kit.parts.units, self.kit.parts.settings)

    async def ask(self, address: str) -> None:
        response = await self.kit.anonymous.post("/api/auth/forgot-password", json={"email": address})
        assert (response.status_code, response.json()) == (200, {"detail": "ok"}), response.text

    async def mails(self, subject: str | None = None) -> list[dict[str, Any]]:
        rows = await self.kit.read("SELECT * FROM outgoing_mail ORDER BY created_at")
        return [row for row in rows if subject in (None, row["subject"])]

    async def notices(self) -> list[tuple[str, str]]:
        """Address and subject of all mails that hold no link."""
        return [(row["recipient"], row["subject"]) for row in await self.mails() if "token=" not in row["body"]]

    async def tokens(self) -> list[str]:
        """The tokens in all mails so far, oldest first."""
        found = [re.search(r"reset-password\?token=(\S+)", row["body"]) for row in await self.mails()]
        return [match[1] for match in found if match]

    async def link(self, address: str) -> str:
        """Ask for a link; its token."""
        await self.ask(address)
        await self.sender().send_due()
        return (await self.tokens())[-1]

    async def reset(self, token: str, password: str = NEW) -> tuple[int, Any]:
        body = {"token": token, "new_password": password}
        response = await self.kit.anonymous.post("/api/auth/reset-password", json=body)
        return response.status_code, response.json()["detail"]


@pytest.fixture
def letterbox(kit: ServiceKit, people: People) -> Letterbox:
    return Letterbox(kit)
