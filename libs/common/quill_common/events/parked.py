"""Try parked events again, when an operator asks for it."""

from typing import Any

from sqlalchemy import Row

from quill_common.events.envelope import Envelope
from quill_common.events.inbox import failed_again, lock_position, parked, parked_positions, unpark
from quill_common.events.projection import Projection
from quill_common.events.replay import Replay
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.log import get_logger


class ParkedEvents:
    """The parked events of one service."""

    def __init__(self, projection: Projection, units: UnitsOfWork, replay: Replay) -> None:
        self._projection = projection
        self._units = units
        self._replay = replay

    async def retry(self) -> tuple[int, int]:
        """Apply each parked event once more, oldest first; how many succeeded and how many stay."""
        async with self._units.reader() as reader:
            rows = await parked(reader)
        applied = [await self._retry(row) for row in rows]
        return sum(applied), len(applied) - sum(applied)

    async def _retry(self, row: Row[Any]) -> bool:
        try:
            await self._apply(row)
        except Exception as problem:  # quill: allow broad-except - it stays parked, the others get their try
            get_logger().error("event stays parked", position=row.position, error=type(problem).__name__)
            async with self._units.open() as work:
                await failed_again(work, row.source, row.position, problem)
            return False
        return True

    async def _apply(self, row: Row[Any]) -> None:
        """Apply the event, then again those about the same thing that came after it: the last word stays theirs."""
        event = Envelope.model_validate_json(row.envelope)
        async with self._units.open(cause=row.source, request_id=event.requestid) as work:
            position = await lock_position(work, row.source)
            if not await unpark(work, row.source, row.position):
                return
            await self._projection.apply_from(row.source, work, (event,))
            skip = await parked_positions(work, row.source)
            work.replaying = True
            async for later in self._replay.events(row.source, event.position, position):
                if later.subject == event.subject and later.position not in skip:
                    await self._projection.apply_from(row.source, work, (later,))
