"""Build what is fed by a source again from the first event, while the service goes on answering.

The tables are emptied and filled in one transaction: readers see the old state until the new one is complete.
"""

from quill_common.database.faults import is_database_away
from quill_common.events.consumer import Consumer
from quill_common.events.envelope import Envelope
from quill_common.events.feed import FeedUnavailable
from quill_common.events.inbox import lock_position, move_position, parked_positions
from quill_common.events.projection import Projection
from quill_common.events.replay import Replay
from quill_common.events.unit_of_work import UnitOfWork, UnitsOfWork
from quill_common.topology import Service


class CannotRebuild(Exception):
    """An event of the log cannot be applied. Nothing has changed."""

    def __init__(self, event: Envelope, source: Service, problem: Exception) -> None:
        super().__init__(f"Event {event.position} of {source} cannot be applied: {type(problem).__name__}")


class Rebuild:
    """Rebuilds the projections of one service."""

    def __init__(self, replay: Replay, consumer: Consumer, projection: Projection, units: UnitsOfWork) -> None:
        self._replay = replay
        self._own = replay.own.service
        self._consumer = consumer
        self._projection = projection
        self._units = units

    async def all(self) -> dict[Service, int]:
        """Rebuild from every followed source and from the service's own events; the position reached for each."""
        return {source: await self.source(source) for source in (*self._consumer.followed, self._own)}

    async def source(self, source: Service) -> int:
        """Replay one source; the position reached. Raises `FeedUnavailable` or `CannotRebuild`: nothing has changed.

        Parked events stay parked. Reactions are not run again.
        """
        async with self._units.open(replaying=True) as work:
            applied: int | None = await lock_position(work, source)
            if source == self._own:
                await work.stop_own_publishing()
                applied = None
            # Not beyond what was applied before: the reactions to what comes after are still to be run.
            position = await self._fill(work, source, applied)
            await move_position(work, source, position)
        if source != self._own:
            await self._consumer.pull(source)
        return position

    async def _fill(self, work: UnitOfWork, source: Service, until: int | None) -> int:
        position = 0
        skip = await parked_positions(work, source)
        await self._projection.clear(work, source)
        async for event in self._replay.events(source, 0, until):
            if event.position != position + 1:
                raise FeedUnavailable(f"{source} lacks the event after {position}")
            if event.position not in skip:
                await self._apply(work, source, event)
            position = event.position
        return position

    async def _apply(self, work: UnitOfWork, source: Service, event: Envelope) -> None:
        try:
            await self._projection.apply_from(source, work, event)
        except Exception as problem:
            if is_database_away(problem):
                raise
            raise CannotRebuild(event, source, problem) from problem
