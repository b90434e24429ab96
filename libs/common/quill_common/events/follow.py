"""Keep following the sources: by long poll without a broker, by a slow glance where the broker pushes."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from quill_common.events.consumer import Consumer
from quill_common.events.feed import FeedUnavailable
from quill_common.events.rabbit import Broker
from quill_common.log import get_logger
from quill_common.topology import Service
from quill_common.waiting import wait_for

GLANCE_SECONDS = 5.0
# Short of what a feed allows: the source cannot stop before the polls that it holds have ended.
POLL_SECONDS = 5.0
LOOK_SECONDS = 0.5
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


async def follow(consumer: Consumer, source: Service, broker: Broker | None) -> None:
    """Pull the feed of `source` until cancelled."""
    pause = FIRST_PAUSE
    while True:
        pushed = broker is not None and broker.connected.is_set()
        level = consumer.followed[source].current
        try:
            await consumer.pull(source, wait=POLL_SECONDS if level and not pushed else 0.0)
        except (FeedUnavailable, SQLAlchemyError, OSError) as problem:
            get_logger().info("source away", source=source, error=type(problem).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        else:
            pause = FIRST_PAUSE
            if pushed and broker is not None:
                await _until_glance(consumer, source, broker)


async def ask_after_naps(consumer: Consumer) -> None:
    """Pull all feeds after every nap, until cancelled: a long poll from before it may not end for seconds."""
    while True:
        await consumer.naps.noticed.wait()
        consumer.naps.noticed.clear()
        consumer.notice_naps()
        await asyncio.gather(*(_pull(consumer, source) for source in consumer.followed))


async def _pull(consumer: Consumer, source: Service) -> None:
    try:
        await consumer.pull(source)
    except (FeedUnavailable, SQLAlchemyError, OSError) as problem:
        get_logger().info("source away after a nap", source=source, error=type(problem).__name__)


async def _until_glance(consumer: Consumer, source: Service, broker: Broker) -> None:
    """Wait for the next glance, which is due at once when the broker or what we knew of the source is lost."""
    clock = asyncio.get_running_loop().time
    until = clock() + GLANCE_SECONDS
    while consumer.followed[source].current and (left := until - clock()) > 0:
        if await wait_for(broker.disconnected, min(left, LOOK_SECONDS)):
            return
