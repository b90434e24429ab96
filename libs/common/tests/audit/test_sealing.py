"""Everything that commits is chained once, within a second, whoever wrote it and whatever happens meanwhile."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quill_common.audit.canonical import canonical
from quill_common.audit.entry import AuditEntry
from quill_common.audit.sealer import Sealer
from quill_common.audit.verification import Verified, verify
from quill_common.database import engine
from quill_common.database.engine import Database
from quill_common.testing.kit import ServiceKit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNSEALED = "SELECT count(*) FROM audit_entry WHERE position IS NULL"


@asynccontextmanager
async def owner(kit: ServiceKit) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(kit.database.admin_url, server_settings={"search_path": kit.name})
    try:
        yield connection
    finally:
        await connection.close()


async def proved(kit: ServiceKit) -> Verified:
    async with owner(kit) as connection:
        return await verify(connection, kit.name)


@asynccontextmanager
async def sealing(kit: ServiceKit) -> AsyncIterator[Sealer]:
    """The loop of a process of its own."""
    database = Database(kit.database.urls[kit.name], 1)
    sealer = Sealer(database)
    task = asyncio.create_task(sealer.run())
    try:
        yield sealer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await database.close()


async def all_sealed(kit: ServiceKit, within: float = 60.0) -> None:
    async with asyncio.timeout(within):
        while (await kit.read(UNSEALED))[0]["count"]:  # noqa: ASYNC110 - another process would not tell either
            await asyncio.sleep(0.02)


async def test_an_entry_is_sealed_because_its_commit_wakes_the_sealer(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quill_common.audit.sealer.POLL_SECONDS", 3600.0)
    async with sealing(kit) as sealer:
        kit.parts.audit.on_recorded = lambda _: sealer.wake()
        for number in range(3):
            await kit.parts.audit.record(AuditEntry("test.act", target=f"t/{number}"))
            await all_sealed(kit)
    assert (await proved(kit)).entries == 3


async def test_what_a_dead_process_left_is_sealed_by_another_that_nobody_wakes(kit: ServiceKit) -> None:
    for _ in range(5):
        await kit.parts.audit.record(AuditEntry("test.act"))
    async with sealing(kit):
        await all_sealed(kit)
    assert await proved(kit) == Verified(5, (await proved(kit)).head, 0)


async def test_a_sealer_that_dies_half_way_leaves_all_to_the_next(kit: ServiceKit) -> None:
    for _ in range(5):
        await kit.parts.audit.record(AuditEntry("test.act"))
    async with owner(kit) as dying:
        await dying.execute("BEGIN")
        assert await dying.fetchval("SELECT seal_audit(3)") == 3
        dying.terminate()
    assert await kit.parts.sealer.seal() == 5
    found = await proved(kit)
    assert (found.entries, found.fault) == (5, None)


async def test_writers_that_commit_out_of_order_and_two_sealers_make_one_gapless_chain(kit: ServiceKit) -> None:
    pauses = random.Random(7)  # noqa: S311 - for the same order in each run

    async def write(number: int) -> None:
        for each in range(10):
            async with asyncio.TaskGroup() as group:
                group.create_task(kit.parts.audit.record(AuditEntry("test.read", actor_id=number)))
                async with kit.parts.units.open() as unit:
                    await unit.record(AuditEntry("test.write", actor_id=number, target=f"t/{each}"))
                    await unit.write_outbox()
                    unit.recorded.clear()
                    await asyncio.sleep(pauses.random() / 50)

    database = Database(kit.database.urls[kit.name], 20)
    units, kit.parts.units = kit.parts.units, type(kit.parts.units)(database, kit.parts.projection)
    try:
        async with sealing(kit) as one, sealing(kit) as two:

            async def wake() -> None:
                while True:
                    await asyncio.gather(one.seal(), two.seal())

            waking = asyncio.create_task(wake())
            await asyncio.gather(*(write(number) for number in range(16)))
            waking.cancel()
            await asyncio.gather(waking, return_exceptions=True)
            await all_sealed(kit)
    finally:
        kit.parts.units = units
        await database.close()
    found = await proved(kit)
    assert (found.entries, found.fault) == (320, None)
    [order] = await kit.read("SELECT count(*) FROM audit_entry a JOIN audit_entry b ON b.position = a.position + 1 "
                             "WHERE b.id < a.id")  # fmt: skip
    assert order["count"] > 0, "no transaction committed after a later one: the test proves nothing"


async def test_entries_of_many_months_and_of_no_partition_are_one_chain(kit: ServiceKit) -> None:
    async with owner(kit) as connection:
        for moment in ("now()", "now() + interval '1 month'", "now() + interval '2 months'", "'1999-01-01'", "now()"):
            await connection.execute(
                f"INSERT INTO audit_entry (action, outcome, recorded_at) VALUES ('test.act', 'success', {moment})"
            )
        parts = await connection.fetchval("SELECT count(DISTINCT tableoid) FROM audit_entry")
    assert (parts, await kit.parts.sealer.seal()) == (4, 5)
    assert (await proved(kit)).fault is None


async def test_what_the_net_caught_moves_to_its_month_with_its_seal(kit: ServiceKit) -> None:
    async with owner(kit) as connection:
        part = await connection.fetchval("SELECT 'audit_entry_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')")
        await connection.execute(f"DROP TABLE {part}")
        await kit.parts.audit.record(AuditEntry("test.act"))
        await kit.parts.sealer.seal()
        await kit.parts.audit.record(AuditEntry("test.act"))
        assert await connection.fetchval("SELECT count(*) FROM audit_entry_default") == 2
        await connection.execute("SELECT make_audit_partitions()")
        assert await connection.fetchval("SELECT count(*) FROM audit_entry_default") == 0
        assert await connection.fetchval(f"SELECT count(*) FROM {part}") == 2
        counted = "SELECT count(*) FROM pg_indexes WHERE tablename = $1"
        assert await connection.fetchval(counted, part) == await connection.fetchval(counted, "audit_entry") > 1
    await kit.parts.sealer.seal()
    assert (await proved(kit)).fault is None


def words() -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


def numbers() -> st.SearchStrategy[int]:
    return st.integers(-(2**63), 2**63 - 1)


def json_texts() -> st.SearchStrategy[str]:
    values = st.recursive(words() | st.booleans() | st.none() | st.integers(-(2**53), 2**53), st.lists)
    return st.dictionaries(words(), values, max_size=3).map(lambda value: orjson.dumps(value).decode())


TYPES = {
    "recorded_at": "timestamptz",
    "id": "bigint",
    "actor_id": "bigint",
    "actor_service": "text",
    "session_id": "uuid",
    "action": "text",
    "outcome": "text",
    "patient_id": "text",
    "patient_ids": "text[]",
    "subject_user_id": "bigint",
    "target": "text",
    "request_id": "text",
    "address": "text",
    "details": "json",
    "position": "bigint",
    "hash": "bytea",
}
SAID = (
    "SELECT (e).*, audit_canonical(e, (e).position) AS said FROM (SELECT ROW("
    + ", ".join(f"${number}::{kind}" for number, kind in enumerate(TYPES.values(), start=1))
    + ")::audit_entry AS e) AS one"
)
ODD_ROWS = st.fixed_dictionaries(
    {
        "recorded_at": st.datetimes(timezones=st.just(UTC)),
        "id": numbers(),
        "actor_id": st.none() | numbers(),
        "actor_service": st.none() | words(),
        "session_id": st.none() | st.uuids(),
        "action": words(),
        "outcome": words(),
        "patient_id": st.none() | words(),
        "patient_ids": st.none() | st.lists(st.none() | words(), max_size=4),
        "subject_user_id": st.none() | numbers(),
        "target": st.none() | words(),
        "request_id": st.none() | words(),
        "address": st.none() | words(),
        "details": st.none() | json_texts(),
        "position": numbers(),
        "hash": st.none() | st.binary(max_size=3),
    }
)


async def disagreements(url: str, schema: str, rows: list[dict[str, Any]]) -> list[asyncpg.Record | None]:
    connection = await asyncpg.connect(url, server_settings={"search_path": schema})
    try:
        records = [await connection.fetchrow(SAID, *(row[name] for name in TYPES)) for row in rows]
        return [record for record in records if record is None or canonical(record) != record["said"]]
    finally:
        await connection.close()


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(ODD_ROWS, min_size=1, max_size=10))
def test_both_writings_of_the_canonical_form_agree(session_kit: ServiceKit, rows: list[dict[str, Any]]) -> None:
    loop = asyncio.new_event_loop()  # hypothesis calls this many times from outside the loop of the tests
    try:
        found = loop.run_until_complete(disagreements(session_kit.database.admin_url, session_kit.name, rows))
    finally:
        loop.close()
    assert found == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"target": None}, {"target": ""}),
        ({"patient_ids": None}, {"patient_ids": []}),
        ({"patient_ids": ["a", "b"]}, {"patient_ids": ["a,1:b"]}),
        ({"target": "a", "request_id": "b"}, {"target": "a,1:b", "request_id": None}),
    ],
)
def test_different_entries_have_different_forms(one: dict[str, object], other: dict[str, object]) -> None:
    usual = dict.fromkeys(
        ("actor_id", "actor_service", "session_id", "patient_id", "patient_ids", "subject_user_id", "target",
         "request_id", "address", "details")
    )  # fmt: skip
    fixed = {"recorded_at": EPOCH, "id": 1, "position": 1, "action": "a", "outcome": "success"}
    assert canonical({**usual, **fixed, **one}) != canonical({**usual, **fixed, **other})


def test_ids_of_sessions_read_alike_in_both_languages() -> None:
    assert str(uuid.UUID("A" * 32)) == "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"


async def test_acts_that_take_long_to_seal_are_sealed_in_smaller_batches(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [f"patient-{number}" for number in range(10_000)]
    for _ in range(3):
        await asyncio.gather(
            *(kit.parts.audit.record(AuditEntry("patient.list", patient_ids=everybody)) for _ in range(10))
        )
    monkeypatch.setattr(engine, "STATEMENT_MS", 300)
    async with sealing(kit):
        await all_sealed(kit)
    assert (await proved(kit)).entries == 30
