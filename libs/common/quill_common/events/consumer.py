"""Apply the events of other services, each exactly once and in the order of its source."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from quill_common.database.faults import is_database_away
from quill_common.events.envelope import Envelope
from quill_common.events.feed import FeedClient
from quill_common.events.inbox import lock_position, move_position, park
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.log import get_logger
from quill_common.topology import Service

TRIES = 5
PAUSE_SECONDS = 0.05
BATCH = 100


@dataclass
class Followed:
    """How far this process has seen one source."""

    position: int = 0
    head: int = 0
    current: bool = False  # whether it has been level with its source since this process started
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Consumer:
    """Keeps the projection of one service level with the sources it follows."""

    def __init__(
        self,
        sources: Sequence[Service],
        projection: Projection,
        units: UnitsOfWork,
        feeds: FeedClient,
    ) -> None:
        self.followed = {source: Followed() for source in sources}
        self._projection = projection
        self._units = units
        self._feeds = feeds

    @property
    def current(self) -> bool:
        """Whether every source has been reached and caught up with since the start of this process."""
        return all(followed.current for followed in self.followed.values())

    async def receive(self, source: Service, events: Sequence[Envelope]) -> int:
        """Apply pushed events; those already applied are passed over, a gap is filled from the feed.

        Returns the position reached. Raises `FeedUnavailable` when a gap cannot be filled now.
        """
        followed = self.followed[source]
        async with followed.lock:
            await self._apply(source, events)
        if events and followed.position < events[-1].position:
            await self.pull(source)
        return followed.position

    async def pull(self, source: Service, wait: float = 0.0) -> int:
        """Read the feed of `source` to its end; the position reached. Raises `FeedUnavailable`."""
        followed = self.followed[source]
        while True:
            head, events = await self._feeds.read(source, followed.position, wait=wait)
            followed.head = max(followed.head, head)
            async with followed.lock:
                await self._apply(source, events)
            if followed.position >= head:
                followed.current = True
                return followed.position
            wait = 0.0

    async def catch_up(self, source: Service, position: int, events: Sequence[Envelope]) -> int:
        """Be at `position` of `source` or beyond before returning."""
        followed = self.followed[source]
        reached = await self.receive(source, events)
        while reached < position:
            reached = await self.pull(source)
        followed.head = max(followed.head, reached)
        return reached

    async def _apply(self, source: Service, events: Sequence[Envelope]) -> None:
        for start in range(0, len(events), BATCH):
            await self._apply_batch(source, events[start : start + BATCH])
        if not events:
            await self._apply_batch(source, ())

    async def _apply_batch(self, source: Service, events: Sequence[Envelope]) -> None:
        try:
            await self._commit(source, events)
        except Exception as problem:  # quill: allow broad-except - whatever a handler raises, the event is parked
            if is_database_away(problem) or not events:
                raise
            for event in events:
                await self._apply_stubborn(source, event)

    async def _commit(self, source: Service, events: Sequence[Envelope]) -> None:
        async with self._units.open(cause=source) as work:
            position = await lock_position(work, source)
            for event in events:
                if event.position == position + 1:
                    work.request_id = event.requestid
                    await self._projection.apply(work, event.type, event.data)
                    position = event.position
            await move_position(work, source, position)
        self.followed[source].position = position

    async def _apply_stubborn(self, source: Service, event: Envelope) -> None:
        """Try an event alone a few times, then park it so that those behind it are not held up."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self._commit(source, (event,))
            except Exception as problem:  # quill: allow broad-except - as above
                if is_database_away(problem):
                    raise
                last = problem
                await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
        get_logger().error("event parked", source=source, position=event.position, error=type(last).__name__)
        async with self._units.open(cause=source) as work:
            position = await lock_position(work, source)
            if event.position == position + 1:
                await park(work, source, event, last, TRIES)
                await move_position(work, source, event.position)
                position = event.position
        self.followed[source].position = position
        return None
