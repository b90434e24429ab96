"""An auth for tests of invitations: it answers `/internal/invited-accounts` over HTTP, as the real one does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from quill_common.access.tables import AccessUser
from quill_common.testing.kit import ServiceKit
from sqlalchemy.dialects.postgresql import insert


@dataclass
class Accounts:
    """Accounts by address. `status` and `body` let it fail; `meanwhile` happens before it answers."""

    kit: ServiceKit
    by_address: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    body: bytes = b"{}"
    pending: str = ""
    tells: bool = True
    meanwhile: Callable[[], Awaitable[object]] | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(
        self,
        user_id: int,
        email: str,
        *,
        level: str = "external_hcp",
        is_active: bool = True,
        invitation_id: str | None = None,
    ) -> None:
        """An account that exists, known to orgs unless `tells` is false."""
        self.by_address[email.lower()] = {"user_id": user_id, "is_active": is_active, "invitation_id": invitation_id}
        if self.tells:
            await self._tell(user_id, email, level, is_active)

    async def answer(self, request: web.Request) -> web.Response:
        """Find the account or make it."""
        wanted = orjson.loads(await request.read())
        self.asked.append(wanted)
        self.headers.append(dict(request.headers))
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.status != 200:
            return web.Response(body=self.body, status=self.status)
        async with self._one_at_a_time:  # nobody is told of an account before orgs knows it
            found = self.by_address.get(wanted["email"].lower())
            if found is None:
                user_id = 1000 + len(self.by_address)
                made_for = wanted["invitation_id"]
                await self.add(user_id, wanted["email"], level=wanted["user_type"], invitation_id=made_for)
                found = self.by_address[wanted["email"].lower()]
        account = {
            "user_id": found["user_id"],
            "is_active": found["is_active"],
            "registered": found["invitation_id"] == wanted["invitation_id"],
        }
        headers = {"X-Quill-Pending": self.pending} if self.pending else {}
        return web.Response(body=orjson.dumps(account), headers=headers)

    async def _tell(self, user_id: int, email: str, level: str, is_active: bool) -> None:
        row = {
            "id": user_id,
            "username": f"user{user_id}",
            "full_name": None,
            "email": email,
            "level": level,
            "roles": [],
            "competencies": [],
            "is_active": is_active,
            "patient_id": None,
        }
        await self.kit.write(insert(AccessUser).values(row).on_conflict_do_nothing())


class Desk:
    """Where the server finds the accounts of the test that runs now."""

    def __init__(self) -> None:
        self.accounts: Accounts | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """Leave it to the accounts of the test."""
        assert self.accounts is not None
        return await asyncio.shield(self.accounts.answer(request))
