"""Who did not run for a while knows that it does not know, until it has asked again."""

import asyncio
from collections.abc import Sequence

import pytest
from quill_common.events.consumer import Consumer
from quill_common.events.envelope import Envelope
from quill_common.events.feed import FeedUnavailable
from quill_common.events.follow import ask_after_naps
from quill_common.events.naps import Naps
from quill_common.testing.together import user
from quill_common.topology import Service

from .conftest import DirectFeeds, NewProcess, Process


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_nap_is_noticed_once_and_a_pause_that_is_short_never(clock: Clock) -> None:
    naps = Naps(1.0, clock)
    taken = []
    for seconds in (0.9, 0.9, 1.1, 0.0, 0.9, 50.0, 0.9):
        clock.now += seconds
        taken.append(naps.taken())
    assert taken == [0, 0, 1, 1, 1, 2, 2]


class Sleepy(DirectFeeds):
    """Feeds whose next answers reach somebody who fell asleep after asking."""

    def __init__(self, feeds: DirectFeeds, clock: Clock) -> None:
        super().__init__(feeds.feeds)
        self.clock = clock
        self.naps = 0

    async def read(
        self, source: Service, after: int, *, wait: float = 0.0, limit: int = 500
    ) -> tuple[int, Sequence[Envelope]]:
        answer = await super().read(source, after, wait=wait, limit=limit)
        if self.naps:
            self.naps -= 1
            self.clock.now += 60
        return answer


@pytest.fixture
async def follower(process: NewProcess, source: Process, clock: Clock) -> Consumer:
    """Level with its source."""
    orgs = process("orgs")
    await source.publish(user(1))
    consumer = Consumer(("auth",), orgs.projection, orgs.units, Sleepy(orgs.feeds, clock), Naps(1.0, clock))
    await consumer.pull("auth")
    assert consumer.current
    return consumer


async def test_after_a_nap_nothing_is_known_until_the_source_was_asked_again(follower: Consumer, clock: Clock) -> None:
    clock.now += 60
    assert not follower.current
    assert not follower.current
    assert follower.followed["auth"].state == "catching up"
    await follower.pull("auth")
    assert follower.current


async def test_what_arrives_after_a_nap_is_no_proof_of_being_level(
    follower: Consumer, source: Process, clock: Clock
) -> None:
    await source.publish(user(2))
    events = await source.events(1)
    clock.now += 60
    assert await follower.catch_up("auth", 2, events) == 2
    assert not follower.current


async def test_an_answer_from_before_a_nap_is_asked_for_again(
    follower: Consumer, source: Process, clock: Clock
) -> None:
    feeds = follower._feeds
    assert isinstance(feeds, Sleepy)
    feeds.reads, feeds.naps = 0, 2
    assert await follower.pull("auth") == 1
    assert (feeds.reads, follower.current) == (3, True)


async def test_while_the_source_is_away_one_who_slept_stays_ignorant(follower: Consumer, clock: Clock) -> None:
    feeds = follower._feeds
    assert isinstance(feeds, Sleepy)
    feeds.away = True
    assert follower.current  # what is known stays known
    clock.now += 60
    with pytest.raises(FeedUnavailable):
        await follower.pull("auth")
    assert not follower.current


async def test_after_a_nap_nobody_waits_for_the_poll_from_before_it(follower: Consumer, clock: Clock) -> None:
    polling = asyncio.create_task(follower.pull("auth", wait=20))
    asking = asyncio.create_task(ask_after_naps(follower))
    clock.now += 60
    assert not follower.current
    async with asyncio.timeout(15):
        while not follower.current:  # noqa: ASYNC110 - it is asked, and tells nobody
            await asyncio.sleep(0.01)
    assert not polling.done()
    for task in (asking, polling):
        task.cancel()
    await asyncio.gather(asking, polling, return_exceptions=True)


async def test_one_source_is_asked_for_alone(follower: Consumer) -> None:
    assert follower.is_current("auth")
    assert follower.is_current("letters")  # not followed
