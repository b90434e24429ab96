"""A write that others decide by is in force everywhere when it is answered, or the answer says where not."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.catalogue.orgs import OrganisationChanged, StaffAdded, StaffRemoved
from quill_common.events.catalogue.patients import PatientActivated, PatientCreated
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.testing.database import TestDatabase, execute
from quill_common.testing.together import Together, together, user
from quill_common.topology import Service

AWAY = "letters,messaging"
STAFF = "SELECT count(*) FROM access_staff WHERE user_id = :id"


def orgs_projection() -> Projection:
    """As in orgs: an account or a patient made within an organisation becomes a member of it."""
    projection = access_projection()

    @projection.reacts_to(UserCreated)
    async def join(work: UnitOfWork, event: UserCreated) -> None:
        if event.organisation_id is not None:
            await work.publish(StaffAdded(organisation_id=event.organisation_id, user_id=event.id, is_primary=True))

    @projection.reacts_to(PatientCreated)
    async def change(work: UnitOfWork, event: PatientCreated) -> None:
        await work.publish(OrganisationChanged(id=1, name=event.id, organisation_type="hospital"))

    return projection


def circular_projection() -> Projection:
    """Beyond what Quill does: patients react to orgs, which reacts to patients."""
    projection = access_projection()

    @projection.reacts_to(StaffAdded)
    async def follow(work: UnitOfWork, event: StaffAdded) -> None:
        await work.publish(PatientActivated(id=str(event.user_id)))

    return projection


Projections = dict[Service, Callable[[], Projection]]


@pytest.fixture
async def three(shared_database: TestDatabase, key_directory: Path) -> AsyncIterator[Together]:
    async with running(shared_database, key_directory, {"orgs": orgs_projection}) as three:
        yield three


@asynccontextmanager
async def running(
    database: TestDatabase, directory: Path, projections: Projections, **more: Any
) -> AsyncIterator[Together]:
    async with together(database, directory, ("auth", "orgs", "patients"), projections=projections, **more) as three:
        await asyncio.gather(*(service.level() for service in three.services.values()))
        yield three


async def test_a_write_has_reached_its_dependants_when_it_is_answered(three: Together) -> None:
    async def rounds(person: int) -> None:
        for number in range(20):
            added = await three.write("orgs", StaffAdded(organisation_id=1, user_id=person, is_primary=False))
            assert added == (201, AWAY), number
            assert await three["patients"].value(STAFF, id=person) == 1
            removed = await three.write("orgs", StaffRemoved(organisation_id=1, user_id=person))
            assert removed == (201, AWAY), number
            assert await three["auth"].value(STAFF, id=person) == 0

    await asyncio.gather(*(rounds(person) for person in range(10)))


async def test_what_a_dependant_publishes_in_consequence_is_in_force_too(three: Together) -> None:
    for number in range(1, 11):
        assert await three.write("auth", user(number, organisation_id=5)) == (201, AWAY)
        for name in three.services:
            assert await three[name].value(STAFF, id=number) == 1, name


@pytest.mark.parametrize("circular", [False, True])
async def test_services_that_ask_each_other_at_once_never_wait_for_themselves(
    shared_database: TestDatabase, key_directory: Path, circular: bool
) -> None:
    projections: Projections = {"orgs": orgs_projection}
    if circular:
        projections["patients"] = circular_projection
    async with running(shared_database, key_directory, projections, catch_up_seconds=40) as three:

        async def lane(write: Callable[[int], Awaitable[tuple[int, str | None]]], first: int) -> None:
            for number in range(first, first + 6):
                assert await write(number) == (201, AWAY)

        def in_auth(number: int) -> Awaitable[tuple[int, str | None]]:
            return three.write("auth", user(number, organisation_id=1))

        def in_orgs(number: int) -> Awaitable[tuple[int, str | None]]:
            return three.write("orgs", StaffAdded(organisation_id=2, user_id=number, is_primary=False))

        def in_patients(number: int) -> Awaitable[tuple[int, str | None]]:
            return three.write("patients", PatientCreated(id=str(number), organisation_id=1))

        writes = (in_auth, in_orgs, in_patients)
        await asyncio.gather(*(lane(write, 100 * n) for n, write in enumerate(writes * 3, 1)))


async def test_a_stopped_dependant_is_named_at_once_and_refuses_until_it_has_caught_up(three: Together) -> None:
    await three.write("auth", user(1))
    assert await three.as_user("patients", 1) == 200
    await three["patients"].stop()
    began = time.monotonic()
    for number in range(2, 22):
        assert await three.write("auth", user(number)) == (201, "letters,messaging,patients")
    assert time.monotonic() - began < 60  # twenty times the bound are far more
    await three["auth"].stop()
    await three["patients"].start()
    assert await three.as_user("patients", 1) == 503
    assert (await three.ready("patients"))[0] == 503
    await three["auth"].start()
    await three["patients"].level()
    assert await three.as_user("patients", 21) == 200
    assert await three.write("auth", user(1, is_active=False)) == (201, AWAY)
    assert await three.as_user("patients", 1) == 401


async def test_a_repeat_of_a_write_is_as_honest_as_the_first_answer(three: Together) -> None:
    await three["patients"].stop()
    for _ in range(2):
        assert await three.write("auth", user(1), key="k") == (201, "letters,messaging,patients")
    assert await three.write("auth") == (201, "letters,messaging,patients")
    await three["patients"].start()
    await three["patients"].level()
    assert await three.write("auth", user(1), key="k") == (201, AWAY)
    assert await three.write("auth") == (201, AWAY)
    assert len(await three["auth"].read("SELECT 1 FROM outbox")) == 1


BOUND = 10.0


async def test_a_dependant_that_hangs_delays_the_first_write_by_the_bound_and_later_ones_hardly(
    shared_database: TestDatabase, key_directory: Path
) -> None:
    async with running(shared_database, key_directory, {}, catch_up_seconds=BOUND) as three:
        await three.write("auth", user(1))
        holder = await asyncpg.connect(three.database.admin_url)
        async with holder.transaction():
            await holder.execute("SELECT * FROM patients.inbox FOR UPDATE")
            durations = []
            for number in range(2, 7):
                began = time.monotonic()
                assert await three.write("auth", user(number)) == (201, "letters,messaging,patients")
                durations.append(time.monotonic() - began)
        await holder.close()
        assert durations[0] >= BOUND
        assert sum(durations[1:]) < 3 * BOUND  # had each waited as long as the first it were four times
        async with asyncio.timeout(60):
            while (await three.write("auth", user(7)))[1] != AWAY:  # noqa: ASYNC110 - asking is the point
                await asyncio.sleep(0.05)
        assert await three["patients"].value("SELECT count(*) FROM access_user") == 7


async def test_a_parked_event_leaves_its_service_pending_until_it_is_retried(
    shared_database: TestDatabase, key_directory: Path
) -> None:
    poisoned = {2}

    def failing() -> Projection:
        projection = access_projection()

        @projection.on(UserCreated)
        async def fail(_: UnitOfWork, event: UserCreated) -> None:
            if event.id in poisoned:
                raise ZeroDivisionError

        return projection

    async with running(shared_database, key_directory, {"patients": failing}) as three:
        assert await three.write("auth", user(1)) == (201, AWAY)
        assert await three.write("auth", user(2)) == (201, "letters,messaging,patients")
        assert await three.write("auth", user(3)) == (201, "letters,messaging,patients")
        status, report = await three.ready("patients")
        assert (status, report["checks"]["feeds"]["sources"]["auth"]["parked"]) == (200, True)
        status, parked = await three.operator("GET", "patients", "/internal/events/parked")
        assert [(row["source"], row["position"], row["error"]) for row in parked] == [("auth", 2, "ZeroDivisionError")]
        poisoned.clear()
        retried = await three.operator("POST", "patients", "/internal/events/parked/retry")
        assert retried == (200, {"applied": 1, "parked": 0})
        assert await three.write("auth", user(4)) == (201, AWAY)
        assert await three["patients"].value("SELECT count(*) FROM access_user") == 4


async def test_a_rebuild_by_the_operator_while_writes_go_on_restores_what_was_corrupted(three: Together) -> None:
    for number in range(1, 11):
        await three.write("auth", user(number, organisation_id=5))
    await execute(three.database.admin_url, "UPDATE patients.access_user SET level = 'superadmin'")
    writing = [asyncio.create_task(three.write("auth", user(number))) for number in range(11, 31)]
    status, reached = await three.operator("POST", "patients", "/internal/projections/rebuild")
    assert (status, reached["auth"] >= 10, reached["orgs"]) == (200, True, 10)
    assert {status for status, _ in await asyncio.gather(*writing)} == {201}
    await three["patients"].parts.consumer.pull("auth")
    levels = await three["patients"].read("SELECT level, count(*) AS n FROM access_user GROUP BY level")
    assert levels == [{"level": "staff", "n": 30}]


async def test_a_commit_is_answered_even_when_the_dependants_cannot_be_asked(three: Together) -> None:
    parts = three["auth"].parts
    number = parts.sequencer.number

    async def away() -> int:
        raise ConnectionRefusedError

    parts.sequencer.number = away  # type: ignore[assignment] # stands for a database that goes away after the commit
    assert await three.write("auth", user(1)) == (201, "letters,messaging,orgs,patients")
    parts.sequencer.number = number


async def test_a_client_that_leaves_between_commit_and_answer_loses_no_event(three: Together) -> None:
    parts = three["auth"].parts
    confirm = parts.dependants.confirm
    left = asyncio.Event()

    async def hang() -> list[Service]:
        left.set()
        await asyncio.sleep(30)
        return []

    parts.dependants.confirm = hang  # type: ignore[method-assign] # the moment after the commit, held
    writing = asyncio.create_task(three.write("auth", user(1)))
    await left.wait()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    parts.dependants.confirm = confirm  # type: ignore[method-assign]
    async with asyncio.timeout(60):
        while not await three["patients"].value("SELECT count(*) FROM access_user"):  # noqa: ASYNC110 - it is in a database
            await asyncio.sleep(0.02)


async def test_only_the_source_itself_may_ask_to_catch_up(three: Together) -> None:
    body = {"source": "auth", "position": 0}
    for caller, expected in (("auth", 200), ("orgs", 403), ("operator", 403), (None, 401)):
        headers = {} if caller is None else service_headers(three, caller, "patients")
        async with three.http.post(f"{three['patients'].url}/internal/catch-up", json=body, headers=headers) as answer:
            assert answer.status == expected, caller


async def test_a_source_cannot_speak_for_another(three: Together) -> None:
    await three.write("auth", user(1))
    forged = user(1, level="superadmin")
    event = {
        "id": "orgs/1",
        "source": "/quill/orgs",
        "type": forged.type,
        "subject": forged.subject(),
        "time": "2026-01-01T00:00:00Z",
        "position": 1,
        "data": forged.model_dump(mode="json"),
    }
    body = {"source": "orgs", "position": 1, "events": [event]}
    headers = service_headers(three, "orgs", "patients")
    async with three.http.post(f"{three['patients'].url}/internal/catch-up", json=body, headers=headers) as answer:
        assert answer.status == 200
    assert await three["patients"].value("SELECT level FROM access_user WHERE id = 1") == "staff"


@pytest.mark.parametrize(
    "body",
    [
        {"source": "auth", "position": -1},
        {"source": "auth", "position": 2**63},
        {"source": "auth", "position": 0, "events": [{"id": 1}]},
        {"source": "auth", "position": 0, "chain": ["nobody"]},
        {"source": "nobody", "position": 0},
        [],
    ],
)
async def test_a_malformed_wish_to_catch_up_is_refused(three: Together, body: object) -> None:
    headers = service_headers(three, "auth", "patients")
    async with three.http.post(f"{three['patients'].url}/internal/catch-up", json=body, headers=headers) as answer:
        assert answer.status == 422


async def test_an_announced_position_that_the_source_does_not_have_is_refused(three: Together) -> None:
    headers = service_headers(three, "auth", "patients")
    body = {"source": "auth", "position": 99}
    async with three.http.post(f"{three['patients'].url}/internal/catch-up", json=body, headers=headers) as answer:
        assert answer.status == 503


async def test_after_a_restore_of_the_source_its_writes_are_pending_and_the_dependant_says_why(three: Together) -> None:
    for number in range(1, 6):
        await three.write("auth", user(number))
    restored = "DELETE FROM auth.outbox WHERE position > 2; UPDATE auth.outbox_head SET position = 2"
    await execute(three.database.admin_url, restored)
    assert await three.write("auth", user(9)) == (201, "letters,messaging,orgs,patients")
    async with asyncio.timeout(60):
        while (await three.ready("patients"))[1]["checks"]["feeds"]["state"] != "ahead of source":  # noqa: ASYNC110 - asked
            await asyncio.sleep(0.05)
    assert await three.as_user("patients", 1) == 503
    for name in ("patients", "orgs"):
        status, _ = await three.operator("POST", name, "/internal/projections/rebuild")
        assert status == 200
    assert await three.write("auth", user(10)) == (201, AWAY)
    assert await three.as_user("patients", 1) == 200


def service_headers(three: Together, caller: str, callee: Service) -> dict[str, str]:
    return ServiceTokens(caller, three.directory / "keys" / "services" / f"{caller}.pem").headers(callee)
