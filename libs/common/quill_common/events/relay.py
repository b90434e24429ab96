"""Number committed events and hand them to the broker, woken after each commit, with a short poll as the net."""

import asyncio

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from quill_common.database.engine import Database
from quill_common.events.feed import Feed
from quill_common.events.rabbit import Broker, BrokerUnavailable
from quill_common.events.sequencer import Sequencer
from quill_common.log import get_logger
from quill_common.waiting import wait_for

POLL_SECONDS = 1.0
BATCH = 200

_ELECT = text("SELECT published FROM outbox_relay FOR UPDATE SKIP LOCKED")
_PUBLISHED = text("UPDATE outbox_relay SET published = :position")


class Relay:
    """The loop that moves events out of one service. With several processes one relays at a time."""

    def __init__(self, database: Database, sequencer: Sequencer, feed: Feed, broker: Broker | None) -> None:
        self._database = database
        self._sequencer = sequencer
        self._feed = feed
        self._broker = broker
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to relay."""
        self._woken.set()

    async def run(self) -> None:
        """Relay until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self._sequencer.number()
                await self._publish()
            except (SQLAlchemyError, OSError, BrokerUnavailable) as problem:
                get_logger().warning("relay waits", error=type(problem).__name__)
                await asyncio.sleep(POLL_SECONDS)
            await wait_for(self._woken, POLL_SECONDS)

    async def _publish(self) -> None:
        if self._broker is None or not self._broker.connected.is_set():
            return
        while await self._publish_batch(self._broker) == BATCH:
            pass

    async def _publish_batch(self, broker: Broker) -> int:
        """Publish what the broker has not confirmed; how many. The lock held meanwhile elects this process."""
        async with self._database.writer() as writer:
            published = await writer.value(_ELECT)
            if published is None or published >= self._sequencer.head:
                return 0
            events = await self._feed.numbered(published, BATCH)
            await broker.publish(events)
            await writer.execute(_PUBLISHED, {"position": published + len(events)})
        return len(events)
