"""A projection comes back from the log, while requests are served and events arrive."""

import asyncio
from pathlib import Path

import pytest
from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.catalogue.orgs import StaffAdded, StaffRemoved
from quill_common.events.feed import FeedUnavailable
from quill_common.events.projection import Projection
from quill_common.events.rebuild import CannotRebuild, RebuildRuns
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.testing.database import TestDatabase
from quill_common.testing.together import together, user

from .conftest import NewProcess, Process

NAMES = "SELECT username FROM access_user ORDER BY id"
EVENTS = 20_000
STAFF = "SELECT user_id FROM access_staff ORDER BY user_id"


def reacting() -> Projection:
    projection = access_projection()

    @projection.reacts_to(UserCreated)
    async def join(work: UnitOfWork, event: UserCreated) -> None:
        await work.publish(StaffAdded(organisation_id=1, user_id=event.id, is_primary=True))

    return projection


@pytest.fixture
def orgs(process: NewProcess) -> Process:
    return process("orgs", projection=reacting())


async def test_corrupted_rows_are_restored_and_reactions_not_repeated(source: Process, orgs: Process) -> None:
    await source.publish(*(user(number) for number in range(1, 6)))
    await orgs.consumer.pull("auth")
    await orgs.run("DELETE FROM access_user WHERE id < 3")
    await orgs.run("UPDATE access_user SET username = 'wrong', level = 'superadmin'")
    await orgs.run("UPDATE access_staff SET organisation_id = 99")
    assert await orgs.rebuild.all() == {"auth": 5, "orgs": 5}
    assert await orgs.values(NAMES) == ["u1", "u2", "u3", "u4", "u5"]
    assert await orgs.values("SELECT DISTINCT level FROM access_user") == ["staff"]
    assert await orgs.values("SELECT DISTINCT organisation_id FROM access_staff") == [1]
    assert await orgs.value("SELECT count(*) FROM outbox") == 5


async def test_readers_never_see_an_empty_table_and_events_that_arrive_meanwhile_are_applied(
    source: Process, orgs: Process
) -> None:
    await source.publish(*(user(number) for number in range(300)))
    await orgs.consumer.pull("auth")
    done = asyncio.Event()
    seen: list[int] = []

    async def read() -> None:
        while not done.is_set():
            seen.append(await orgs.value("SELECT count(*) FROM access_user"))

    async def arrive() -> None:
        for number in range(300, 320):
            await source.publish(user(number))
            await orgs.consumer.pull("auth")

    reading = asyncio.create_task(read())
    await asyncio.gather(orgs.rebuild.all(), arrive(), orgs.rebuild.source("auth"))
    await orgs.consumer.pull("auth")
    done.set()
    await reading
    assert (min(seen) >= 300, len(seen) > 5) == (True, True)
    assert orgs.consumer.followed["auth"].position == 320
    assert await orgs.value("SELECT count(*) FROM access_user") == 320
    assert await orgs.value("SELECT count(*) FROM outbox") == 320


async def test_a_removal_beside_a_rebuild_of_the_own_projection_stays_removed(process: NewProcess) -> None:
    orgs = process("orgs")
    await orgs.publish(*(StaffAdded(organisation_id=1, user_id=n, is_primary=False) for n in range(400)))

    async def remove() -> None:
        for number in range(0, 400, 20):
            await orgs.publish(StaffRemoved(organisation_id=1, user_id=number))

    await asyncio.gather(orgs.rebuild.source("orgs"), remove(), orgs.rebuild.source("orgs"))
    assert await orgs.values(STAFF) == [n for n in range(400) if n % 20]


async def test_a_source_that_is_away_changes_nothing(source: Process, orgs: Process) -> None:
    await source.publish(user(1))
    await orgs.consumer.pull("auth")
    orgs.feeds.away = True
    with pytest.raises(FeedUnavailable):
        await orgs.rebuild.source("auth")
    assert await orgs.values(NAMES) == ["u1"]


async def test_a_log_that_lacks_an_event_changes_nothing(source: Process, orgs: Process) -> None:
    await source.publish(user(1), user(2), user(3))
    await orgs.consumer.pull("auth")
    await source.run("DELETE FROM outbox WHERE position = 2")
    with pytest.raises(FeedUnavailable, match="lacks the event after 1"):
        await orgs.rebuild.source("auth")
    assert await orgs.values(NAMES) == ["u1", "u2", "u3"]


async def test_parked_events_stay_parked_and_one_that_fails_now_stops_the_rebuild(
    source: Process, process: NewProcess
) -> None:
    projection = access_projection()
    poisoned = {1}

    @projection.on(UserCreated)
    async def fail(_: UnitOfWork, event: UserCreated) -> None:
        if event.id in poisoned:
            raise ZeroDivisionError

    orgs = process("orgs", projection=projection)
    await source.publish(user(1), user(2))
    await orgs.consumer.pull("auth")
    assert await orgs.rebuild.source("auth") == 2
    assert await orgs.values("SELECT position FROM parked_event") == [1]
    poisoned.add(2)
    with pytest.raises(CannotRebuild, match="Event 2 of auth cannot be applied: ZeroDivisionError"):
        await orgs.rebuild.source("auth")
    assert await orgs.values(NAMES) == ["u2"]


async def test_of_two_at_once_in_whatever_process_one_is_refused(source: Process, process: NewProcess) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()
    projection = access_projection()

    @projection.on(UserCreated)
    async def linger(work: UnitOfWork, _: UserCreated) -> None:
        if work.replaying:
            began.set()
            await go_on.wait()

    orgs, replica = process("orgs", projection=projection), process("orgs")
    await source.publish(user(1))
    await orgs.consumer.pull("auth")
    rebuilding = asyncio.create_task(orgs.rebuild.all())
    await began.wait()
    for other in (orgs, replica):
        with pytest.raises(RebuildRuns):
            await other.rebuild.all()
    go_on.set()
    assert await rebuilding == {"auth": 1, "orgs": 0}
    assert await replica.rebuild.all() == {"auth": 1, "orgs": 0}


async def test_one_that_failed_does_not_keep_others_from_it(source: Process, orgs: Process) -> None:
    await source.publish(user(1))
    await orgs.consumer.pull("auth")
    orgs.feeds.away = True
    with pytest.raises(FeedUnavailable):
        await orgs.rebuild.all()
    orgs.feeds.away = False
    assert (await orgs.rebuild.all())["auth"] == 1


@pytest.mark.timeout(240)
async def test_many_events_are_rebuilt_while_requests_are_served(shared_database: TestDatabase, tmp_path: Path) -> None:
    async with together(shared_database, tmp_path, ("auth", "orgs", "patients")) as three:
        async with three["auth"].parts.units.open() as work:
            await work.publish_all([user(number) for number in range(EVENTS)])
        await three["patients"].parts.consumer.pull("auth")
        done = asyncio.Event()
        served, there = [], []

        async def ask() -> None:
            while not done.is_set():
                served.append(await three.as_user("patients", EVENTS - 1))
                there.append(await three["patients"].value("SELECT count(*) FROM access_user"))

        async def publish() -> None:
            for number in range(1, 11):
                await three["auth"].publish(user(EVENTS + number))

        asking = asyncio.create_task(ask())
        (status, reached), _ = await asyncio.gather(
            three.operator("POST", "patients", "/internal/projections/rebuild"), publish()
        )
        assert (status, set(reached)) == (200, {"auth", "orgs", "patients"})
        assert reached["auth"] >= EVENTS
        await three["patients"].parts.consumer.pull("auth")
        done.set()
        await asking
        assert (set(served), len(served) > 3) == ({200}, True)
        assert min(there) >= EVENTS
        assert await three["patients"].value("SELECT count(*) FROM access_user") == EVENTS + 10


async def test_with_a_source_down_the_operator_is_told_and_nothing_changes(
    shared_database: TestDatabase, tmp_path: Path
) -> None:
    async with together(shared_database, tmp_path, ("auth", "patients")) as two:
        await two.write("auth", user(1))
        await two["auth"].stop()
        status, told = await two.operator("POST", "patients", "/internal/projections/rebuild")
        assert (status, set(told)) == (503, {"detail"})
        assert await two["patients"].value("SELECT count(*) FROM access_user") == 1
