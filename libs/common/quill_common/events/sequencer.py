"""Give committed events their positions.

Ids drawn inside concurrent transactions become visible out of order, so a reader that remembers the last id would
skip rows. Positions are drawn here instead: after the commit, by one process at a time.
"""

import asyncio

from sqlalchemy import text

from quill_common.database.engine import Database
from quill_common.events.coalesce import Coalesced

BATCH = 1000

_LOCK_HEAD = text("SELECT position FROM outbox_head FOR UPDATE")
_ANY_UNNUMBERED = text("SELECT EXISTS (SELECT FROM outbox WHERE position IS NULL)")
_HEAD = text("SELECT position FROM outbox_head")
# A statement of its own: its snapshot must be taken after the lock was granted.
_NUMBER = text(
    """
    WITH pending AS (
        SELECT id, row_number() OVER (ORDER BY id) AS n
        FROM (SELECT id FROM outbox WHERE position IS NULL ORDER BY id LIMIT :batch) AS oldest
    ), numbered AS (
        UPDATE outbox SET position = :head + pending.n FROM pending WHERE outbox.id = pending.id RETURNING 1
    )
    UPDATE outbox_head SET position = :head + (SELECT count(*) FROM numbered) RETURNING position
    """
)


class Sequencer:
    """Numbers the events of one service; safe with any number of processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._moved = asyncio.Event()
        self._stopping = False
        self.head = 0
        self.number = Coalesced(self._number)

    async def wait_beyond(self, position: int, seconds: float) -> None:
        """Return when this process has seen the head beyond `position`, after `seconds`, or when it is to stop."""
        try:
            async with asyncio.timeout(seconds):
                while self.head <= position and not self._stopping:
                    await self._moved.wait()
        except TimeoutError:
            return

    async def _number(self) -> int:
        """Number every event committed before this call; the head afterwards."""
        while True:
            head, full = await self._number_batch()
            if not full:
                return head

    async def _number_batch(self) -> tuple[int, bool]:
        async with self._database.reader() as reader:
            if not await reader.value(_ANY_UNNUMBERED):
                head = int(await reader.value(_HEAD))
                self._move(head)
                return head, False
        async with self._database.writer() as writer:
            before = int(await writer.value(_LOCK_HEAD))
            head = int(await writer.value(_NUMBER, {"head": before, "batch": BATCH}))
        self._move(head)
        return head, head - before == BATCH

    def _move(self, head: int) -> None:
        # Down as well: a database restored to an older state has lost its last events.
        if head != self.head:
            self.head = head
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    def let_go(self) -> None:
        """Send off all who wait: this process is about to stop."""
        self._stopping = True
        self._moved.set()

    async def close(self) -> None:
        """Stop numbering; what is not numbered yet will be by the next process."""
        await self.number.close()
