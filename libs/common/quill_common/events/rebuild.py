"""Build what is fed by a source again from the first event, while the service goes on answering.

The tables are emptied and filled in one transaction: readers see the old state until the new one is complete.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text

from quill_common.database.engine import Database
from quill_common.database.faults import is_database_away
from quill_common.events.apply import next_of
from quill_common.events.consumer import Consumer
from quill_common.events.envelope import Envelope
from quill_common.events.feed import FeedUnavailable
from quill_common.events.inbox import lock_position, move_position, parked_positions
from quill_common.events.projection import Projection
from quill_common.events.replay import Replay
from quill_common.events.unit_of_work import UnitOfWork, UnitsOfWork
from quill_common.topology import Service

# Held by a session and not by a transaction: a rebuild is one transaction a source, and takes longer than one may idle.
_BEGIN = text("SELECT pg_try_advisory_lock(hashtext('quill rebuild ' || current_schema))")
_END = text("SELECT pg_advisory_unlock(hashtext('quill rebuild ' || current_schema))")


class RebuildRuns(Exception):
    """Another rebuild of this service has not ended, in this process or in another."""


class CannotRebuild(Exception):
    """An event of the log cannot be applied. Nothing has changed."""

    def __init__(self, event: Envelope, source: Service, problem: Exception) -> None:
        super().__init__(f"Event {event.position} of {source} cannot be applied: {type(problem).__name__}")


class Rebuild:
    """Rebuilds the projections of one service."""

    def __init__(
        self, database: Database, replay: Replay, consumer: Consumer, projection: Projection, units: UnitsOfWork
    ) -> None:
        self._database = database
        self._replay = replay
        self._own = replay.own.service
        self._consumer = consumer
        self._projection = projection
        self._units = units

    async def all(self) -> dict[Service, int]:
        """Rebuild from every followed source and from the service's own events; the position reached for each.

        Raises `RebuildRuns`, and what `source` raises: then what came before that source is rebuilt.
        """
        async with self._alone():
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

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self._database.statement() as session:
            if not await session.value(_BEGIN):
                raise RebuildRuns
            try:
                yield
            finally:
                await session.value(_END)

    async def _fill(self, work: UnitOfWork, source: Service, until: int | None) -> int:
        position = 0
        skip = await parked_positions(work, source)
        await self._projection.clear(work, source)
        async for page in self._replay.pages(source, 0, until):
            whole = next_of(page, position)
            position += len(whole)
            if len(whole) < len(page):
                raise FeedUnavailable(f"{source} lacks the event after {position}")
            await self._apply(work, source, [event for event in page if event.position not in skip])
        return position

    async def _apply(self, work: UnitOfWork, source: Service, events: Sequence[Envelope]) -> None:
        """All in one go, and one by one to find the one that is to blame when that fails."""
        try:
            async with work.savepoint():
                await self._projection.apply_from(source, work, events)
        except Exception as problem:
            if is_database_away(problem):
                raise
            if len(events) == 1:
                raise CannotRebuild(events[0], source, problem) from problem
            for event in events:
                await self._apply(work, source, (event,))
