"""Events of others are applied in order, each exactly once, whatever arrives how often."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.consumer import AheadOfSource, NotInForce
from quill_common.events.envelope import Envelope
from quill_common.events.feed import FeedUnavailable
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.testing.database import TestDatabase, execute
from quill_common.testing.kit import FAILING_COMMIT
from quill_common.testing.together import user
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .conftest import NewProcess, Process

NAMES = "SELECT username FROM access_user ORDER BY id"
POSITION = "SELECT position FROM inbox WHERE source = 'auth'"


class Journal:
    """A projection that notes what it applied, and fails where it is told to."""

    def __init__(self) -> None:
        self.projection: Projection = access_projection()
        self.applied: list[int] = []
        self.poisoned: set[int] = set()
        self.projection.on(UserCreated)(self._note)

    async def _note(self, _: UnitOfWork, event: UserCreated) -> None:
        self.applied.append(event.id)
        if event.id in self.poisoned:
            raise ZeroDivisionError


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def orgs(process: NewProcess, journal: Journal) -> Process:
    return process("orgs", projection=journal.projection)


async def published(source: Process, count: int) -> list[Envelope]:
    for number in range(1, count + 1):
        await source.publish(user(number))
    return await source.events()


async def test_the_feed_is_applied_in_order(source: Process, orgs: Process, journal: Journal) -> None:
    await published(source, 12)
    assert await orgs.consumer.pull("auth") == 12
    assert (journal.applied, orgs.consumer.current) == (list(range(1, 13)), True)
    assert await orgs.value(POSITION) == 12


async def test_every_event_three_times_and_shuffled_gives_the_same_state(
    source: Process, orgs: Process, journal: Journal
) -> None:
    for number in range(60):
        await source.publish(user(number % 7, username=f"name{number}"))
    events = (await source.events()) * 3
    random.Random(7).shuffle(events)  # noqa: S311 - repeatable
    while events:
        pushed, events = events[:3], events[3:]
        await orgs.consumer.receive("auth", pushed)
    assert await orgs.values(NAMES) == await source.values(NAMES)
    assert len(journal.applied) == 60


async def test_a_gap_is_filled_from_the_feed(source: Process, orgs: Process, journal: Journal) -> None:
    events = await published(source, 5)
    assert await orgs.consumer.receive("auth", events[4:]) == 5
    assert journal.applied == [1, 2, 3, 4, 5]


async def test_a_gap_that_cannot_be_filled_now_is_an_error_and_applies_nothing(source: Process, orgs: Process) -> None:
    events = await published(source, 3)
    orgs.feeds.away = True
    with pytest.raises(FeedUnavailable):
        await orgs.consumer.receive("auth", events[2:])
    assert await orgs.values(NAMES) == []


async def test_a_known_event_costs_no_statement_and_no_read_of_the_feed(source: Process, orgs: Process) -> None:
    events = await published(source, 3)
    await orgs.consumer.receive("auth", events)
    reads = orgs.feeds.reads
    await orgs.database.close()
    assert await orgs.consumer.receive("auth", events[:2]) == 3
    assert orgs.feeds.reads == reads


async def test_position_and_changes_commit_together(
    source: Process, orgs: Process, shared_database: TestDatabase
) -> None:
    await published(source, 3)
    await execute(shared_database.admin_url, FAILING_COMMIT.format(schema="orgs", table="inbox"))
    try:
        with pytest.raises(DBAPIError, match="the commit fails"):
            await orgs.consumer.pull("auth")
    finally:
        await execute(shared_database.admin_url, "DROP TRIGGER fail_commit ON orgs.inbox")
    assert (await orgs.values(NAMES), await orgs.value("SELECT count(*) FROM parked_event")) == ([], 0)
    assert not orgs.consumer.current
    await orgs.consumer.pull("auth")
    assert await orgs.values(NAMES) == ["u1", "u2", "u3"]


async def test_two_processes_on_one_database_apply_each_event_once(process: NewProcess, source: Process) -> None:
    journals = [Journal(), Journal()]
    replicas = [process("orgs", projection=journal.projection) for journal in journals]
    for number in range(1, 41):
        await source.publish(user(number))
        event = (await source.events(number - 1))[0]
        await asyncio.gather(*(replica.consumer.receive("auth", (event,)) for replica in replicas))
    assert sorted(journals[0].applied + journals[1].applied) == list(range(1, 41))
    assert await replicas[0].value(POSITION) == 40
    # A process that slept meanwhile is behind in memory only.
    sleeper = process("orgs", projection=Journal().projection)
    assert await sleeper.consumer.pull("auth") == 40
    assert sleeper.feeds.reads == 1


async def test_a_poisoned_event_is_parked_and_those_behind_it_are_applied(
    source: Process, orgs: Process, journal: Journal
) -> None:
    journal.poisoned = {3}
    await published(source, 5)
    async with asyncio.timeout(60):
        assert await orgs.consumer.pull("auth") == 5
    assert await orgs.values(NAMES) == ["u1", "u2", "u4", "u5"]
    row = await orgs.values("SELECT position || ' ' || error || ' ' || tries FROM parked_event")
    assert row == ["3 ZeroDivisionError 5"]
    assert orgs.consumer.followed["auth"].parked


async def test_while_an_event_is_parked_its_source_is_not_told_that_all_is_in_force(
    process: NewProcess, source: Process, orgs: Process, journal: Journal
) -> None:
    journal.poisoned = {1}
    events = await published(source, 2)
    for replica in (orgs, process("orgs", projection=journal.projection)):
        with pytest.raises(NotInForce):
            await replica.consumer.catch_up("auth", 2, events)
    journal.poisoned = set()
    assert await orgs.parked.retry() == (1, 0)
    await orgs.consumer.look("auth")
    assert await orgs.consumer.catch_up("auth", 2, ()) == 2


async def test_a_retry_leaves_the_last_word_to_later_events_about_the_same_thing(
    source: Process, orgs: Process, journal: Journal
) -> None:
    journal.poisoned = {1}
    await source.publish(user(1, username="old"), user(2))
    await orgs.consumer.pull("auth")
    journal.poisoned = set()
    await source.publish(user(1, username="new", is_active=False), user(2, username="other"))
    await orgs.consumer.pull("auth")
    journal.applied.clear()
    assert await orgs.parked.retry() == (1, 0)
    assert await orgs.values(NAMES) == ["new", "other"]
    assert journal.applied == [1, 1]
    assert await orgs.parked.retry() == (0, 0)


async def test_an_event_that_fails_again_stays_parked_with_its_tries_counted(
    source: Process, orgs: Process, journal: Journal
) -> None:
    journal.poisoned = {2}
    await published(source, 2)
    await orgs.consumer.pull("auth")
    assert await orgs.parked.retry() == (0, 1)
    assert await orgs.values("SELECT tries FROM parked_event") == [6]


async def test_data_that_is_not_of_its_type_is_parked(source: Process, orgs: Process) -> None:
    await source.run(
        "INSERT INTO outbox (type, subject, data) VALUES (:type, 'user/1', '{\"id\": \"x\"}')", type=UserCreated.type
    )
    await source.publish(user(2))
    assert await orgs.consumer.pull("auth") == 2
    assert await orgs.values("SELECT error FROM parked_event") == ["ValidationError"]
    assert await orgs.values(NAMES) == ["u2"]


async def test_a_type_that_nobody_handles_is_passed_over(source: Process, orgs: Process) -> None:
    await source.run("INSERT INTO outbox (type, subject, data) VALUES ('quill.auth.later.v9', 's', '{}')")
    assert await orgs.consumer.pull("auth") == 1
    assert await orgs.value("SELECT count(*) FROM parked_event") == 0


async def test_a_database_that_is_away_is_not_held_against_the_event(
    source: Process, process: NewProcess, shared_database: TestDatabase
) -> None:
    projection = access_projection()
    killed = 0

    @projection.on(UserCreated)
    async def kill_once(work: UnitOfWork, _: UserCreated) -> None:
        nonlocal killed
        if killed < 8:
            killed += 1
            pid = await work.value(text("SELECT pg_backend_pid()"))
            await execute(shared_database.admin_url, f"SELECT pg_terminate_backend({pid})")
            await work.value(text("SELECT 1"))

    orgs = process("orgs", projection=projection)
    await published(source, 2)
    failures = 0
    while failures < 20:
        try:
            await orgs.consumer.pull("auth")
            break
        except DBAPIError:
            failures += 1
    assert (failures, await orgs.values(NAMES)) == (8, ["u1", "u2"])
    assert await orgs.value("SELECT count(*) FROM parked_event") == 0


async def test_a_deadlock_is_tried_again_at_once(source: Process, process: NewProcess) -> None:
    projection = access_projection()
    tries = 0

    @projection.on(UserCreated)
    async def lose(work: UnitOfWork, _: UserCreated) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await work.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$"))

    orgs = process("orgs", projection=projection)
    await published(source, 1)
    assert (await orgs.consumer.pull("auth"), tries) == (1, 2)


async def test_a_source_restored_to_an_older_state_is_noticed_and_a_rebuild_heals_it(
    source: Process, orgs: Process
) -> None:
    await published(source, 5)
    await orgs.consumer.pull("auth")
    await source.run("DELETE FROM outbox WHERE position > 2")
    await source.run("UPDATE outbox_head SET position = 2")
    with pytest.raises(AheadOfSource):
        await orgs.consumer.pull("auth", wait=20)
    assert (orgs.consumer.current, orgs.consumer.followed["auth"].state) == (False, "ahead of source")
    with pytest.raises(AheadOfSource):
        await orgs.consumer.catch_up("auth", 2, ())
    await orgs.rebuild.source("auth")
    assert await orgs.values(NAMES) == ["u1", "u2"]
    assert (orgs.consumer.current, orgs.consumer.followed["auth"].state) == (True, "ok")
    assert await orgs.consumer.catch_up("auth", 2, ()) == 2


async def test_a_log_that_lacks_an_event_stops_the_consumer_instead_of_turning_for_ever(
    source: Process, orgs: Process
) -> None:
    await published(source, 3)
    await source.sequencer.number()
    await source.run("DELETE FROM outbox WHERE position = 2")
    with pytest.raises(FeedUnavailable, match="lacks the event after 1"):
        await orgs.consumer.pull("auth")
    assert await orgs.value(POSITION) == 1


async def test_a_position_that_the_source_does_not_have_is_refused(source: Process, orgs: Process) -> None:
    events: Sequence[Envelope] = await published(source, 1)
    async with asyncio.timeout(60):
        with pytest.raises(FeedUnavailable, match="announced 9"):
            await orgs.consumer.catch_up("auth", 9, events)
