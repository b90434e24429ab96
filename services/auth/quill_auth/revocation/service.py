"""Which sessions ended before their time, in an order that skips none.

A revocation is an event, and events get their positions after their commit, without gaps (see the sequencer). So a
caller that has read up to a position has every revocation up to it, whatever order their transactions ended in.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from quill_common.database.engine import Database
from quill_common.events.sequencer import Sequencer
from sqlalchemy import Row

from quill_auth.revocation import repository

MAX_WAIT_SECONDS: Final = 20.0
# Revocations of other processes of auth are seen by asking; those of this one wake the wait at once.
_ASK_AGAIN_SECONDS: Final = 0.5
_PAGE: Final = 1000
# A token of a renewal that was under way when the session ended is made a moment after the end.
_MARGIN: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Revoked:
    """An ended session; at `until` (epoch seconds) the last of its access tokens is dead."""

    sid: str
    until: int


@dataclass(frozen=True, slots=True)
class Revocations:
    """What ended, and the cursor from which to ask for more."""

    cursor: int
    sessions: tuple[Revoked, ...]


class RevocationLog:
    """Reads the ended sessions of all processes of auth."""

    def __init__(self, database: Database, sequencer: Sequencer, access_seconds: int) -> None:
        self._database = database
        self._sequencer = sequencer
        self._matters = timedelta(seconds=access_seconds) + _MARGIN

    async def all(self) -> Revocations:
        """Everything that still matters."""
        # First the position, then the sessions: what ends in between is told twice rather than never.
        head = await self._sequencer.number()
        async with self._database.reader() as reader:
            rows = await repository.ended_within(reader, self._matters)
        return Revocations(head, self._revoked(rows))

    async def after(self, cursor: int, wait: float) -> Revocations:
        """What ended after `cursor`, waiting up to `wait` seconds for something."""
        clock = asyncio.get_running_loop().time
        until = clock() + min(wait, MAX_WAIT_SECONDS)
        while True:
            head = await self._sequencer.number()
            if head < cursor:  # the database is another one than the cursor is from
                return await self.all()
            found = await self._between(cursor, head)
            if found.sessions or clock() >= until:
                return found
            cursor = head
            await self._sequencer.wait_beyond(head, min(_ASK_AGAIN_SECONDS, until - clock()))

    async def _between(self, cursor: int, head: int) -> Revocations:
        if head == cursor:
            return Revocations(head, ())
        async with self._database.reader() as reader:
            rows = await repository.published_between(reader, cursor, head, _PAGE)
        reached = rows[-1].position if len(rows) == _PAGE else head
        return Revocations(reached, self._revoked(rows))

    def _revoked(self, rows: Iterable[Row[Any]]) -> tuple[Revoked, ...]:
        return tuple(Revoked(str(row.session_id), int((row.time + self._matters).timestamp()) + 1) for row in rows)
