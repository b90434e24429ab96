"""How far a service follows each source: in numbers, in seconds, and how much was put aside."""

from collections.abc import Callable
from pathlib import Path

import pytest
from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.feed import FeedUnavailable
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.testing.database import TestDatabase
from quill_common.testing.together import together, user
from quill_common.topology import Service

from .conftest import NewProcess, Process

LONG_AGO = "UPDATE outbox SET time = time - interval '1 hour'"


def poisoned(*numbers: int) -> Projection:
    projection = access_projection()

    @projection.on(UserCreated)
    async def fail(_: UnitOfWork, event: UserCreated) -> None:
        if event.id in numbers:
            raise ZeroDivisionError

    return projection


@pytest.fixture
def orgs(process: NewProcess) -> Process:
    return process("orgs")


async def test_what_is_not_applied_is_counted_and_its_age_is_told(source: Process, orgs: Process) -> None:
    await source.publish(*(user(number) for number in range(1, 4)))
    await source.run(LONG_AGO)
    now = (await orgs.consumer.survey())["auth"]
    assert (now.position, now.head, now.behind) == (0, 3, 3)
    assert 3600 <= now.lag_seconds < 7200
    await orgs.consumer.pull("auth")
    now = (await orgs.consumer.survey())["auth"]
    assert (now.state, now.position, now.behind, now.lag_seconds) == ("ok", 3, 0, 0.0)


async def test_the_age_is_that_of_the_oldest_that_is_left(source: Process, orgs: Process) -> None:
    await source.publish(user(1))
    await source.run(LONG_AGO)
    await orgs.consumer.pull("auth")
    await source.publish(user(2))
    assert (await orgs.consumer.survey())["auth"].lag_seconds < 3000


async def test_who_cannot_keep_up_shows_it_without_being_asked(source: Process, orgs: Process) -> None:
    await source.publish(user(1), user(2))
    await source.run(LONG_AGO)
    [_, second] = await source.events()
    orgs.feeds.away = True
    with pytest.raises(FeedUnavailable):
        await orgs.consumer.receive("auth", [second])
    followed = orgs.consumer.followed["auth"]
    assert (followed.behind, followed.away) == (2, True)
    assert followed.lag_seconds >= 3600


async def test_a_source_that_is_away_is_named_and_heals(source: Process, orgs: Process) -> None:
    await source.publish(user(1))
    await orgs.consumer.pull("auth")
    orgs.feeds.away = True
    assert (await orgs.consumer.survey())["auth"].state == "source away"
    assert orgs.consumer.followed["auth"].state == "ok"  # who only looks changes nothing
    orgs.feeds.away = False
    assert (await orgs.consumer.survey())["auth"].state == "ok"


async def test_events_that_were_put_aside_are_counted(source: Process, process: NewProcess) -> None:
    orgs = process("orgs", projection=poisoned(1, 3))
    await source.publish(*(user(number) for number in range(1, 5)))
    await orgs.consumer.pull("auth")
    assert orgs.consumer.followed["auth"].parked == 2
    assert (await orgs.consumer.survey())["auth"].as_dict()["parked"] == 2


async def test_readiness_metrics_and_the_operator_are_told_the_same(
    shared_database: TestDatabase, tmp_path: Path
) -> None:
    projections: dict[Service, Callable[[], Projection]] = {"patients": lambda: poisoned(1)}
    async with together(shared_database, tmp_path, ("auth", "patients"), projections=projections) as two:
        await two.write("auth", user(1), user(2))
        await two["patients"].parts.consumer.pull("auth")
        status, told = await two.operator("GET", "patients", "/internal/projections")
        expected = {"state": "ok", "position": 2, "head": 2, "behind": 0, "lag_seconds": 0.0, "parked": 1}
        assert (status, told["auth"]) == (200, expected)
        assert (await two.ready("patients"))[1]["checks"]["feeds"]["sources"]["auth"] == expected
        async with two.http.get(f"{two['patients'].url}/metrics") as response:
            metrics = await response.text()
        for name, value in (("behind", 0), ("lag_seconds", 0), ("applied", 2), ("following", 1), ("parked", 1)):
            assert f'quill_events_{name}{{service="patients",source="auth"}} {value}.0' in metrics
        await two["auth"].stop()
        _, told = await two.operator("GET", "patients", "/internal/projections")
        assert told["auth"]["state"] == "source away"
        assert (await two.ready("patients"))[1]["checks"]["feeds"]["state"] == "catching up"  # orgs was never there
