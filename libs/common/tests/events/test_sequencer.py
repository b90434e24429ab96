"""Positions are gapless and never show a later event before an earlier one, whoever writes and numbers at once."""

import asyncio
import random

import orjson
from quill_common.database.engine import Database
from quill_common.database.session import Writer
from quill_common.events.catalogue.auth import SessionRevoked
from quill_common.testing.database import TestDatabase
from sqlalchemy import text

from .conftest import NewProcess, Process

WRITERS = 16
EACH = 1250

_INSERT = text(
    "INSERT INTO outbox (type, subject, data) SELECT 'quill.test.v1', 'writer',"
    " json_build_object('writer', CAST(:writer AS bigint), 'n', n)"
    " FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n ORDER BY n"
)


async def _write_many(database: Database, writer: int) -> None:
    """Commit late and unevenly, so that ids become visible out of order; now and then not at all."""
    chance = random.Random(writer)  # noqa: S311 - repeatable
    written = 0
    while written < EACH:
        count = min(chance.choice((1, 1, 5, 25, 60)), EACH - written)
        numbers = {"writer": writer, "first": written, "last": written + count - 1}
        if chance.random() < 0.1:
            await _undone(database, numbers)
        async with database.writer() as transaction:
            await transaction.execute(_INSERT, numbers)
            await asyncio.sleep(chance.choice((0, 0.001, 0.005, 0.02)))
        written += count


async def _undone(database: Database, numbers: dict[str, int]) -> None:
    class Undo(Exception):
        pass

    async def insert(transaction: Writer) -> None:
        await transaction.execute(_INSERT, numbers)
        raise Undo

    try:
        async with database.writer() as transaction:
            await insert(transaction)
    except Undo:
        return


async def _follow(reader: Process, total: int) -> list[tuple[int, int, int]]:
    seen: list[tuple[int, int, int]] = []
    after = 0
    while len(seen) < total:
        _, events = await reader.feed.page(after, wait=2)
        for event in map(orjson.loads, events):
            seen.append((event["position"], event["data"]["writer"], event["data"]["n"]))
            after = event["position"]
    return seen


async def test_a_reader_beside_sixteen_writers_and_three_sequencers_misses_nothing(
    process: NewProcess, shared_database: TestDatabase
) -> None:
    sequencers = [process("auth") for _ in range(3)]
    writing = Database(shared_database.urls["auth"], WRITERS)
    done = asyncio.Event()

    async def number(sequencer: Process) -> None:
        while not done.is_set():
            await sequencer.sequencer.number()
            await asyncio.sleep(0.002)

    numbering = [asyncio.create_task(number(each)) for each in sequencers[:2]]
    following = asyncio.create_task(_follow(sequencers[2], WRITERS * EACH))
    await asyncio.gather(*(_write_many(writing, writer) for writer in range(WRITERS)))
    seen = await following
    done.set()
    await asyncio.gather(*numbering)
    await writing.close()

    assert [position for position, _, _ in seen] == list(range(1, WRITERS * EACH + 1))
    for writer in range(WRITERS):
        assert [n for _, by, n in seen if by == writer] == list(range(EACH))
    assert await sequencers[0].sequencer.number() == WRITERS * EACH


async def test_what_is_not_committed_has_no_position(source: Process) -> None:
    async with source.units.open() as work:
        await work.publish(SessionRevoked(user_id=1, session_id="a"))
        await work.write_outbox()
        assert await source.sequencer.number() == 0
        work._published.clear()
    assert await source.sequencer.number() == 1


async def test_more_than_one_batch_is_numbered_in_one_go(source: Process) -> None:
    await source.run("INSERT INTO outbox (type, subject, data) SELECT 't', 's', '{}' FROM generate_series(1, 2500)")
    assert await source.sequencer.number() == 2500


async def test_numbering_with_nothing_new_takes_no_transaction(source: Process) -> None:
    await source.publish(SessionRevoked(user_id=1, session_id="a"))
    await source.sequencer.number()
    before = await source.value("SELECT xmin::text FROM outbox_head")
    assert await source.sequencer.number() == 1
    assert await source.value("SELECT xmin::text FROM outbox_head") == before


async def test_a_long_poll_ends_when_another_process_commits_an_event(process: NewProcess) -> None:
    polled, other = process("auth"), process("auth")
    asked = asyncio.create_task(polled.feed.page(0, wait=20))
    await asyncio.sleep(0.05)
    await other.publish(SessionRevoked(user_id=1, session_id="a"))
    await polled.sequencer.number()  # as its relay does every second
    async with asyncio.timeout(15):
        head, events = await asked
    assert (head, len(events)) == (1, 1)


async def test_a_long_poll_with_no_event_ends_empty_in_time(source: Process) -> None:
    assert await source.feed.page(0, wait=0.05) == (0, [])


async def test_one_who_is_beyond_the_head_is_told_so_without_waiting(source: Process) -> None:
    async with asyncio.timeout(15):
        assert await source.feed.page(7, wait=20) == (0, [])
