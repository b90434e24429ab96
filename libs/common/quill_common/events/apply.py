"""One batch of events into the projection: changes and position in one transaction, and no event holds up the rest."""

import asyncio
from collections.abc import Iterable, Sequence

from quill_common.database.faults import is_conflict, is_database_away
from quill_common.events.envelope import Envelope
from quill_common.events.followed import Followed
from quill_common.events.inbox import lock_position, move_position, park, standing
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.log import get_logger
from quill_common.topology import Service

TRIES = 5
PAUSE_SECONDS = 0.05
BATCH = 500


class Applier:
    """Applies what is next and passes over the rest. Raises only while the database is away."""

    def __init__(self, projection: Projection, units: UnitsOfWork) -> None:
        self._projection = projection
        self._units = units

    async def __call__(self, source: Service, followed: Followed, events: Sequence[Envelope]) -> None:
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            if await self._tried(source, followed, batch) is not None:
                for event in batch:
                    await self._stubbornly(source, followed, event)

    async def _stubbornly(self, source: Service, followed: Followed, event: Envelope) -> None:
        """Try an event alone a few times, then park it so that those behind it are not held up."""
        problem = await self._tried(source, followed, (event,))
        for attempt in range(1, TRIES):
            if problem is None:
                return
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
            problem = await self._tried(source, followed, (event,))
        if problem is not None:
            await self._park(source, followed, event, problem)

    async def _tried(self, source: Service, followed: Followed, events: Sequence[Envelope]) -> Exception | None:
        """Apply `events`; what a handler raised, if one did."""
        for attempt in range(1, TRIES + 1):
            try:
                await self._commit(source, followed, events)
            except Exception as problem:  # quill: allow broad-except - whatever a handler raises, its event is parked
                if is_conflict(problem) and attempt < TRIES:
                    continue
                if is_database_away(problem):
                    raise
                return problem
            break
        return None

    async def _commit(self, source: Service, followed: Followed, events: Sequence[Envelope]) -> None:
        async with self._units.open(cause=source) as work:
            position = await lock_position(work, source)
            due = next_of(events, position)
            await self._projection.apply_from(source, work, due)
            now = await move_position(work, source, due[-1].position) if due else await standing(work, source)
        followed.position, followed.parked = now

    async def _park(self, source: Service, followed: Followed, event: Envelope, problem: Exception) -> None:
        async with self._units.open(cause=source) as work:
            position = await lock_position(work, source)
            if event.position == position + 1:
                await park(work, source, event, problem, TRIES)
                now = await move_position(work, source, event.position)
            else:
                now = await standing(work, source)
        followed.position, followed.parked = now
        get_logger().error("event parked", source=source, position=event.position, error=type(problem).__name__)


def next_of(events: Iterable[Envelope], position: int) -> list[Envelope]:
    """Those of `events` that follow on `position` without a gap."""
    due: list[Envelope] = []
    for event in events:
        if event.position == position + 1:
            due.append(event)
            position = event.position
    return due
