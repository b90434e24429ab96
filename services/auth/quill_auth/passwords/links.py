"""Reset links: asked for in the request, made and mailed after the answer (contract 4.3).

So the request does the same work for an address that an account has and for one that none has.
"""

import asyncio
import hashlib
import secrets
from datetime import timedelta
from typing import Final

from quill_common.audit.entry import AuditEntry
from quill_common.events.unit_of_work import UnitOfWork, UnitsOfWork
from quill_common.log import get_logger
from quill_common.mail.posting import post
from quill_common.waiting import wait_for
from sqlalchemy.exc import SQLAlchemyError

from quill_auth.passwords import repository
from quill_auth.passwords.mails import reset_mail
from quill_auth.settings import Settings

MAILS_AN_HOUR: Final = 5
SENDER_LOOP: Final = "reset links"
POLL_SECONDS: Final = 1.0
_LONGEST_ADDRESS: Final = 255


def hash_of(token: str) -> bytes:
    """What is stored of a token. It is random enough for a plain hash."""
    return hashlib.sha256(token.encode()).digest()


async def ask(unit: UnitOfWork, address: str) -> None:
    """Have a link sent to whoever has this address."""
    if 0 < len(address) <= _LONGEST_ADDRESS:
        await repository.ask(unit, address, MAILS_AN_HOUR)
        unit.wake_after_commit(SENDER_LOOP)


class LinkSender:
    """Makes the links that were asked for. Any number of processes may: a request is one's at a time."""

    def __init__(self, units: UnitsOfWork, settings: Settings) -> None:
        self._units = units
        self._settings = settings
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Somebody asked."""
        self._woken.set()

    async def run(self) -> None:
        """Make links until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self.send_due()
            except (SQLAlchemyError, OSError, TimeoutError) as problem:
                get_logger().warning("reset links wait", error=type(problem).__name__)
                await asyncio.sleep(POLL_SECONDS)
            await wait_for(self._woken, POLL_SECONDS)

    async def send_due(self) -> None:
        """Answer all requests that wait."""
        while await self._answer_one():
            pass

    async def _answer_one(self) -> bool:
        """Whether one waited. It is gone when the mail is in the post, or when there is nobody to send it to."""
        async with self._units.open() as unit:
            address = await repository.take_request(unit)
            if address is None:
                return False
            await self._answer(unit, address)
        return True

    async def _answer(self, unit: UnitOfWork, address: str) -> None:
        account = await repository.locked_active_at(unit, address)
        if account is None or await repository.recent_links(unit, account.id) >= MAILS_AN_HOUR:
            return
        token = secrets.token_urlsafe(32)
        lifetime = timedelta(minutes=self._settings.password_reset_ttl_min)
        await repository.add_link(unit, hash_of(token), account.id, lifetime)
        await unit.record(AuditEntry("password.forget", actor_service="auth", subject_user_id=account.id))
        await post(unit, reset_mail(self._settings, account.email, token))
