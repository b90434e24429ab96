"""The promise of the outbox at size: whoever writes and follows at once, each event works once and in order."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

import pytest
from quill_common.access.events import access_projection
from quill_common.database.engine import Database
from quill_common.events.envelope import Event
from quill_common.events.feed import FeedUnavailable
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork, UnitsOfWork
from quill_common.testing.database import TestDatabase, execute
from quill_common.testing.together import Together, together
from quill_common.topology import Service
from sqlalchemy import make_url, text

from .conftest import NewProcess, Process

WRITERS = 16
EVENTS = 100_000
EACH = EVENTS // WRITERS
BY_BROKER = 20_000

# The primary key refuses what is applied twice, `came` says in which order it was.
TALLY = """
    CREATE TABLE IF NOT EXISTS {schema}.tally (
        came bigint GENERATED ALWAYS AS IDENTITY, writer int, n int, PRIMARY KEY (writer, n)
    );
    TRUNCATE {schema}.tally;
    GRANT SELECT, INSERT, DELETE ON {schema}.tally TO {role};
"""
_NOTE = text(
    "INSERT INTO tally (writer, n) SELECT writer, n"
    " FROM unnest(CAST(:writers AS int[]), CAST(:numbers AS int[])) WITH ORDINALITY AS given (writer, n, place)"
    " ORDER BY place"
)
_OUT_OF_ORDER = (
    "SELECT count(*) FROM (SELECT n, row_number() OVER (PARTITION BY writer ORDER BY came) AS place FROM tally) AS each"
    " WHERE n <> place - 1"
)


class Ticked(Event):
    """The `n`th event of a writer, from 0."""

    source: ClassVar[Service] = "auth"
    type: ClassVar[str] = "quill.test.ticked.v1"

    writer: int
    n: int

    def subject(self) -> str:
        return f"writer/{self.writer}"


def tallying() -> Projection:
    projection = access_projection()

    @projection.reacts_to_many(Ticked)
    async def note(work: UnitOfWork, events: Sequence[Ticked]) -> None:
        await work.execute(_NOTE, {"writers": [e.writer for e in events], "numbers": [e.n for e in events]})

    return projection


@pytest.fixture
async def tallies(shared_database: TestDatabase) -> AsyncIterator[None]:
    names: tuple[Service, ...] = ("orgs", "patients", "letters")
    for name in names:
        role = make_url(shared_database.urls[name]).username
        await execute(shared_database.admin_url, TALLY.format(schema=name, role=role))
    yield
    for name in names:
        await execute(shared_database.admin_url, f"DROP TABLE {name}.tally")


async def _write(units: UnitsOfWork, writer: int, count: int) -> None:
    """Many events a transaction, committed late and unevenly."""
    chance = random.Random(writer)  # noqa: S311 - repeatable
    written = 0
    while written < count:
        upto = min(count, written + chance.choice((1, 5, 50, 250, 500)))
        async with units.open() as work:
            await work.publish_all([Ticked(writer=writer, n=n) for n in range(written, upto)])
            await work.write_outbox()
            work._published.clear()  # they are written
            await asyncio.sleep(chance.choice((0, 0.002, 0.01, 0.05)))
        written = upto


async def _write_all(url: str, count: int) -> None:
    database = Database(url, WRITERS)
    units = UnitsOfWork(database, Projection())
    await asyncio.gather(*(_write(units, writer, count) for writer in range(WRITERS)))
    await database.close()


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("tallies")
async def test_of_a_hundred_thousand_events_each_has_its_effect_once_and_in_order(
    process: NewProcess, shared_database: TestDatabase
) -> None:
    source, numbering = process("auth"), process("auth")
    following = [process(name, projection=tallying()) for name in ("orgs", "orgs", "patients", "letters")]
    written = asyncio.Event()

    async def number() -> None:
        while not written.is_set():
            await numbering.sequencer.number()
            await asyncio.sleep(0.005)

    async def follow(process: Process) -> None:
        position = 0
        while not written.is_set() or position < EVENTS:
            try:
                position = await process.consumer.pull("auth", wait=0.2)
            except FeedUnavailable:  # the other process of orgs was faster with what this one has just read
                continue

    async def write() -> None:
        await _write_all(shared_database.urls["auth"], EACH)
        written.set()

    await asyncio.gather(write(), number(), *map(follow, following))
    assert await source.sequencer.number() == EVENTS
    for each in following:
        assert await each.value("SELECT count(*) FROM tally") == EVENTS
        assert await each.value(_OUT_OF_ORDER) == 0
        assert await each.value("SELECT count(*) FROM parked_event") == 0
        assert await each.value("SELECT position FROM inbox WHERE source = 'auth'") == EVENTS


@pytest.mark.broker
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("tallies")
async def test_by_the_broker_too(
    shared_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory, broker_url: str, prefix: str
) -> None:
    names: tuple[Service, ...] = ("auth", "orgs", "patients", "letters")
    projections = dict.fromkeys(names[1:], tallying)
    folder = tmp_path_factory.mktemp("promise")
    async with together(
        shared_database, folder, names, projections=projections, amqp_url=broker_url, amqp_prefix=prefix
    ) as four:
        await _write_all(shared_database.urls["auth"], BY_BROKER // WRITERS)
        four["auth"].parts.relay.wake()
        async with asyncio.timeout(200):
            for name in names[1:]:
                await _applied(four, name, BY_BROKER)
        for name in names[1:]:
            assert await four[name].value("SELECT count(*) FROM tally") == BY_BROKER
            assert await four[name].value(_OUT_OF_ORDER) == 0
            assert await four[name].value("SELECT count(*) FROM parked_event") == 0


async def _applied(four: Together, name: Service, count: int) -> None:
    while await four[name].value("SELECT position FROM inbox WHERE source = 'auth'") != count:  # noqa: ASYNC110 - it is asked
        await asyncio.sleep(0.05)


@pytest.mark.usefixtures("tallies")
async def test_every_message_three_times_and_shuffled_has_its_effect_once(process: NewProcess) -> None:
    source, orgs = process("auth"), process("orgs", projection=tallying())
    await source.publish(*(Ticked(writer=n % 3, n=n // 3) for n in range(3000)))
    messages = (await source.events()) * 3
    random.Random(5).shuffle(messages)  # noqa: S311 - repeatable
    for start in range(0, len(messages), 100):
        await orgs.consumer.receive("auth", messages[start : start + 100])
    assert await orgs.value("SELECT count(*) FROM tally") == 3000
    assert await orgs.value(_OUT_OF_ORDER) == 0


@pytest.mark.usefixtures("tallies")
async def test_one_poisoned_event_among_many_is_parked_alone(process: NewProcess) -> None:
    source, orgs = process("auth"), process("orgs", projection=tallying())
    await source.publish(*(Ticked(writer=0, n=n) for n in range(50)), Ticked(writer=1, n=2**40))
    await source.publish(*(Ticked(writer=0, n=n) for n in range(50, 100)))
    assert await orgs.consumer.pull("auth") == 101
    assert await orgs.values("SELECT position || ' ' || error FROM parked_event") == ["51 DBAPIError"]
    assert await orgs.value("SELECT count(*) FROM tally") == 100
    assert await orgs.value(_OUT_OF_ORDER) == 0
    assert orgs.consumer.followed["auth"].parked == 1
