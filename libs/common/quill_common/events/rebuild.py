"""Build what is fed by a source again from the first event, while the service goes on answering.

The tables are emptied and filled in one transaction: readers see the old state until the new one is complete.
"""

from quill_common.events.consumer import Consumer
from quill_common.events.envelope import Envelope
from quill_common.events.feed import Feed, FeedClient
from quill_common.events.inbox import lock_position, move_position
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.topology import Service


class Rebuild:
    """Rebuilds the projections of one service."""

    def __init__(
        self, own: Feed, feeds: FeedClient, consumer: Consumer, projection: Projection, units: UnitsOfWork
    ) -> None:
        self._own = own
        self._feeds = feeds
        self._consumer = consumer
        self._projection = projection
        self._units = units

    async def all(self) -> dict[Service, int]:
        """Rebuild from every followed source and from the service's own events; the position reached for each."""
        return {source: await self.source(source) for source in (*self._consumer.followed, self._own.service)}

    async def source(self, source: Service) -> int:
        """Replay one source; the position reached. Raises `FeedUnavailable`, and then nothing has changed."""
        async with self._units.open(replaying=True) as work:
            await lock_position(work, source)
            await self._projection.clear(work, source)
            position = 0
            while events := await self._page(source, position):
                for event in events:
                    await self._projection.apply(work, event.type, event.data)
                position = events[-1].position
            await move_position(work, source, position)
        return position

    async def _page(self, source: Service, after: int) -> list[Envelope]:
        if source != self._own.service:
            return list((await self._feeds.read(source, after))[1])
        _, events = await self._own.page(after)
        return [Envelope.model_validate_json(event) for event in events]
