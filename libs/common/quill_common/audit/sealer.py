"""Chain committed entries: each gets the next position and the hash over itself and the one before.

Doing so inside the writing transactions would let only one of them run at a time; what commits is therefore sealed
afterwards, within a second, by whichever process comes first.
"""

import asyncio
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from quill_common.audit.writing import make_partitions
from quill_common.database.engine import Database
from quill_common.database.faults import is_out_of_time
from quill_common.log import get_logger
from quill_common.waiting import wait_for

BATCH: Final = 1000
_SMALLER: Final = 4  # how many times smaller the next batch is when one took too long
PAUSE_SECONDS: Final = 0.5  # entries of half a second share a transaction of the sealer
POLL_SECONDS: Final = 5.0  # what a process left that ended between its commit and its seal
PARTITIONS_SECONDS: Final = 6 * 3600.0
PARTITIONS_AGAIN_SECONDS: Final = 300.0  # months ahead there is time, and trying may hold up who reads the trail

_SEAL = text("SELECT seal_audit(:batch)")


class Sealer:
    """The loop that seals. Any number of processes may run it: PostgreSQL lets one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._woken = asyncio.Event()
        self._batch = BATCH

    def wake(self) -> None:
        """There is something to seal."""
        self._woken.set()

    async def seal(self) -> int:
        """Seal what is committed; how many entries."""
        sealed = 0
        while True:
            asked = self._batch
            batch = await self._seal_some(asked)
            if batch is None:
                continue
            sealed += batch
            self._batch = min(BATCH, asked * 2)
            if batch < asked:
                return sealed

    async def _seal_some(self, at_most: int) -> int | None:
        """How many were sealed; None when they take too long at once, so that fewer are to be tried.

        An entry about 10,000 patients takes as long as hundreds of others: the same batch would never get through.
        """
        try:
            async with self._database.statement() as writer:
                return int(await writer.value(_SEAL, {"batch": at_most}))
        except DBAPIError as problem:
            if at_most == 1 or not is_out_of_time(problem):
                raise
            self._batch = max(1, at_most // _SMALLER)
            get_logger().warning("sealing takes long", entries=at_most)
            return None

    async def run(self) -> None:
        """Seal until cancelled; look after the partitions of the months to come."""
        clock = asyncio.get_running_loop().time
        partitions_due = clock()
        while True:
            self._woken.clear()
            try:
                await self.seal()
            except (SQLAlchemyError, OSError, TimeoutError) as problem:
                get_logger().warning("sealer waits", error=type(problem).__name__)
            if clock() >= partitions_due:
                partitions_due = clock() + await self._look_after_partitions()
            await asyncio.sleep(PAUSE_SECONDS)
            await wait_for(self._woken, POLL_SECONDS)

    async def _look_after_partitions(self) -> float:
        """Make the partitions of the months to come; in how many seconds to look again."""
        try:
            await make_partitions(self._database)
        except (SQLAlchemyError, OSError, TimeoutError) as problem:
            get_logger().warning("partitions wait", error=type(problem).__name__)
            return PARTITIONS_AGAIN_SECONDS
        return PARTITIONS_SECONDS
