"""A change and its event commit together or not at all."""

import asyncio

import pytest
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.catalogue.orgs import StaffAdded
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.testing.database import TestDatabase, execute
from quill_common.testing.kit import FAILING_COMMIT
from quill_common.testing.together import user
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .conftest import NewProcess, Process

USERS = "SELECT count(*) FROM access_user"
EVENTS = "SELECT count(*) FROM outbox"


async def test_a_change_commits_with_its_event_and_is_in_the_own_projection(source: Process) -> None:
    await source.publish(user(1), user(2))
    assert await source.value(USERS) == 2
    assert [event.subject for event in await source.events()] == ["user/1", "user/2"]


async def test_an_exception_undoes_both(source: Process) -> None:
    async def fail() -> None:
        async with source.units.open() as work:
            await work.publish(user(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert (await source.value(USERS), await source.value(EVENTS), await source.sequencer.number()) == (0, 0, 0)


@pytest.mark.parametrize("table", ["access_user", "outbox"])
async def test_a_commit_that_fails_stores_and_publishes_nothing(
    source: Process, shared_database: TestDatabase, table: str
) -> None:
    heard: list[str] = []
    source.units.on_published = lambda: heard.append("published")
    await execute(shared_database.admin_url, FAILING_COMMIT.format(schema="auth", table=table))
    try:
        with pytest.raises(DBAPIError, match="the commit fails"):
            await source.publish(user(1))
    finally:
        await execute(shared_database.admin_url, f"DROP TRIGGER fail_commit ON auth.{table}")
    assert (await source.value(USERS), await source.value(EVENTS), heard) == (0, 0, [])
    await source.publish(user(1))
    assert (len(await source.events()), heard) == (1, ["published"])


async def test_one_who_is_cancelled_before_the_commit_leaves_nothing(source: Process) -> None:
    half_way = asyncio.Event()

    async def half() -> None:
        async with source.units.open() as work:
            await work.publish(user(1))
            half_way.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(half())
    await half_way.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await source.value(USERS), await source.value(EVENTS)) == (0, 0)


async def test_events_that_follow_from_an_event_carry_the_request_that_caused_each(process: NewProcess) -> None:
    projection = Projection()
    reacting = process("orgs", projection=projection)

    @projection.reacts_to(UserCreated)
    async def join(work: UnitOfWork, event: UserCreated) -> None:
        await work.publish(StaffAdded(organisation_id=1, user_id=event.id, is_primary=True))

    source = process("auth")
    for number in (1, 2):
        async with source.units.open(request_id=f"request-{number}") as work:
            await work.publish(user(number))
    await reacting.consumer.pull("auth")
    assert await reacting.values("SELECT request_id FROM outbox ORDER BY id") == ["request-1", "request-2"]
    assert await reacting.values("SELECT DISTINCT cause FROM outbox") == ["auth"]


async def test_events_about_one_thing_stand_in_the_order_of_its_changes(source: Process) -> None:
    await source.publish(user(1, username="first"))

    async def rename(number: int) -> None:
        async with source.units.open() as work:
            await work.value(text("SELECT 1 FROM access_user WHERE id = 1 FOR UPDATE"))
            await work.publish(user(1, username=f"name{number}"))

    await asyncio.gather(*(rename(number) for number in range(20)))
    last = (await source.events())[-1]
    assert last.data["username"] == await source.value("SELECT username FROM access_user WHERE id = 1")
