"""Apply the events of other services, each exactly once and in the order of its source."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from quill_common.events.apply import Applier
from quill_common.events.envelope import Envelope
from quill_common.events.feed import FeedClient, FeedUnavailable
from quill_common.events.followed import Followed
from quill_common.events.inbox import standing
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.log import get_logger
from quill_common.topology import Service


class AheadOfSource(FeedUnavailable):
    """The source has no such event as the last that we applied: its database is older than what it told us."""


class NotInForce(Exception):
    """Events of the source are parked."""


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
        self._apply = Applier(projection, units)
        self._units = units
        self._feeds = feeds

    @property
    def current(self) -> bool:
        """Whether every source has been reached and caught up with since the start of this process."""
        return all(followed.current for followed in self.followed.values())

    @property
    def complete(self) -> bool:
        """Whether all that was heard is in force: no event of any source is parked."""
        return not any(followed.parked for followed in self.followed.values())

    async def receive(self, source: Service, events: Sequence[Envelope]) -> int:
        """Apply pushed events; those already applied are passed over, a gap is filled from the feed.

        Returns the position reached. Raises `FeedUnavailable` when a gap cannot be filled now.
        """
        followed = self.followed[source]
        await self._apply_new(source, events)
        if events and followed.position < events[-1].position:
            await self.pull(source)
        return followed.position

    async def pull(self, source: Service, wait: float = 0.0) -> int:
        """Read the feed of `source` to its end; the position reached. Raises `FeedUnavailable`."""
        followed = self.followed[source]
        while True:
            after = await self.look(source)
            try:
                head, events = await self._feeds.read(source, after, wait=wait)
            except FeedUnavailable:
                followed.away = True
                raise
            followed.heard(head, events)
            self._compare(source, after, head)
            await self._apply_new(source, events)
            if followed.position >= head:
                followed.current = True
                return followed.position
            if followed.position <= after:
                raise FeedUnavailable(f"{source} lacks the event after {after}")
            wait = 0.0

    async def catch_up(self, source: Service, position: int, events: Sequence[Envelope]) -> int:
        """Be at `position` of `source` or beyond, and have all of it in force.

        Raises `FeedUnavailable`, or `NotInForce` while events of the source are parked.
        """
        followed = self.followed[source]
        reached = await self.receive(source, events)
        if reached < position:
            reached = await self.pull(source)
        if reached < position:
            raise FeedUnavailable(f"{source} announced {position} and has {reached}")
        if followed.ahead:
            raise AheadOfSource(source)
        if followed.parked:
            raise NotInForce(source)
        followed.head = max(followed.head, reached)
        return reached

    async def _apply_new(self, source: Service, events: Sequence[Envelope]) -> None:
        """Apply what is next of `events`, without a statement when this process has seen them all applied."""
        followed = self.followed[source]
        async with followed.lock:
            if events and followed.position < events[-1].position:
                followed.heard(max(followed.head, events[-1].position), events)
                await self._apply(source, followed, events)

    async def look(self, source: Service) -> int:
        """The committed position: other processes of this service move it too."""
        followed = self.followed[source]
        async with followed.lock, self._units.reader() as reader:
            followed.position, followed.parked = await standing(reader, source)
        return followed.position

    async def survey(self) -> dict[Service, Followed]:
        """How far each source is applied, as the database and the source say now; nobody waits for a rebuild."""
        found = await asyncio.gather(*(self._survey(source) for source in self.followed))
        return dict(zip(self.followed, found, strict=True))

    async def _survey(self, source: Service) -> Followed:
        async with self._units.reader() as reader:
            position, parked = await standing(reader, source)
        now = replace(self.followed[source], position=position, parked=parked)
        try:
            now.heard(*await self._feeds.read(source, position, limit=1))
        except FeedUnavailable:
            now.away = True
        return now

    def _compare(self, source: Service, after: int, head: int) -> None:
        followed = self.followed[source]
        if head < after:
            if not followed.ahead:
                get_logger().error("ahead of source: rebuild the projections", source=source, ours=after, head=head)
            followed.ahead, followed.current = True, False
            raise AheadOfSource(source)
        followed.ahead = False
