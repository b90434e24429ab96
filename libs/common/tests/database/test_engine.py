"""What a reader and a writer may, and how a database that is away shows."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from quill_common.database.engine import Database
from quill_common.database.faults import is_conflict, is_database_away, violated_constraint
from quill_common.testing.database import TestDatabase, execute
from quill_common.testing.together import empty_schema
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

ADD = text("INSERT INTO access_patient (id) VALUES (:id)")
COUNT = text("SELECT count(*) FROM access_patient")
PID = text("SELECT pg_backend_pid()")


@pytest.fixture
async def database(shared_database: TestDatabase) -> AsyncIterator[Database]:
    await empty_schema(shared_database, "letters")
    database = Database(shared_database.urls["letters"], 2)
    yield database
    await database.close()


async def count(database: Database) -> int:
    async with database.reader() as reader:
        return int(await reader.value(COUNT))


async def test_postgresql_refuses_a_write_by_a_reader(database: Database) -> None:
    async with database.reader() as reader:
        with pytest.raises(DBAPIError) as refused:
            await reader.rows(ADD, {"id": "p"})
    assert isinstance(refused.value.orig.__cause__, asyncpg.ReadOnlySQLTransactionError)  # type: ignore[union-attr]
    assert await count(database) == 0


async def test_a_reader_sees_each_commit_at_once(database: Database) -> None:
    async with database.reader() as reader:
        assert await reader.value(COUNT) == 0
        async with database.writer() as writer:
            await writer.execute(ADD, {"id": "p"})
            assert await reader.value(COUNT) == 0
        assert await reader.value(COUNT) == 1


async def test_a_writer_that_raises_leaves_nothing_and_a_good_connection(database: Database) -> None:
    async def fail() -> None:
        async with database.writer() as writer:
            await writer.execute(ADD, {"id": "p"})
            raise ZeroDivisionError

    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await fail()
    assert await count(database) == 0


async def test_a_savepoint_undoes_its_block_alone(database: Database) -> None:
    async def clash(writer: object) -> None:
        async with writer.savepoint():  # type: ignore[attr-defined] # a Writer
            await writer.execute(ADD, {"id": "p"})  # type: ignore[attr-defined]

    async with database.writer() as writer:
        await writer.execute(ADD, {"id": "p"})
        with pytest.raises(IntegrityError) as clashed:
            await clash(writer)
        await writer.execute(ADD, {"id": "q"})
    assert violated_constraint(clashed.value) == "pk_access_patient"
    assert not is_database_away(clashed.value)
    assert await count(database) == 2


async def test_a_pool_that_stays_empty_is_a_database_that_is_away(
    shared_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quill_common.database.engine.CONNECT_SECONDS", 0.2)
    database = Database(shared_database.urls["letters"], 1)
    async with database.reader():
        with pytest.raises(Exception) as away:  # noqa: PT011 - which it is, is what is asked
            await count(database)
    assert is_database_away(away.value)
    assert await count(database) >= 0
    await database.close()


async def test_a_killed_connection_is_a_database_that_is_away_and_the_next_works(
    database: Database, shared_database: TestDatabase
) -> None:
    async with database.reader() as reader:
        pid = await reader.value(PID)
        await execute(shared_database.admin_url, f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(DBAPIError) as away:
            await reader.value(COUNT)
    assert is_database_away(away.value)
    assert await count(database) == 0


async def test_a_connection_killed_before_the_commit_stores_nothing(
    database: Database, shared_database: TestDatabase
) -> None:
    async def killed() -> None:
        async with database.writer() as writer:
            await writer.execute(ADD, {"id": "p"})
            pid = await writer.value(PID)
            await execute(shared_database.admin_url, f"SELECT pg_terminate_backend({pid})")

    with pytest.raises(DBAPIError) as away:
        await killed()
    assert is_database_away(away.value)
    assert await count(database) == 0


async def test_a_server_that_cannot_be_reached_is_away() -> None:
    database = Database("postgresql://nobody@127.0.0.1:9/nothing", 1)
    with pytest.raises(ConnectionRefusedError) as away:
        await count(database)
    assert is_database_away(away.value)
    await database.close()


async def test_a_statement_past_its_time_is_away_and_a_wrong_one_is_not(database: Database) -> None:
    async with database.writer() as writer:
        await writer.execute(text("SET LOCAL statement_timeout = 20"))
        with pytest.raises(DBAPIError) as late:
            await writer.execute(text("SELECT pg_sleep(1)"))
    assert is_database_away(late.value)
    async with database.reader() as reader:
        for statement in ("SELECT nothing", "SELECT 1 / 0", "no SQL", "SELECT 'x'::int"):
            with pytest.raises(DBAPIError) as wrong:
                await reader.rows(text(statement))
            assert not is_database_away(wrong.value), statement
        for value in ("nul \x00", 5):
            with pytest.raises(DBAPIError) as bad:
                await reader.rows(text("SELECT CAST(:value AS text)"), {"value": value})
            assert not is_database_away(bad.value), value


async def test_the_loser_of_a_deadlock_is_told_to_try_again(database: Database) -> None:
    async with database.writer() as writer:
        await writer.execute(ADD, [{"id": "p"}, {"id": "q"}])
    held = asyncio.Barrier(2)
    lock = text("SELECT 1 FROM access_patient WHERE id = :id FOR UPDATE")

    async def take(first: str, second: str) -> None:
        async with database.writer() as writer:
            await writer.value(lock, {"id": first})
            await held.wait()
            await writer.value(lock, {"id": second})

    outcomes = await asyncio.gather(take("p", "q"), take("q", "p"), return_exceptions=True)
    (lost,) = [outcome for outcome in outcomes if outcome is not None]
    assert (is_conflict(lost), is_database_away(lost)) == (True, True)


async def test_a_statement_is_a_transaction_by_itself(database: Database) -> None:
    async with database.statement() as writer:
        await writer.execute(ADD, {"id": "p"})
        assert await count(database) == 1


async def test_a_statement_that_fails_half_way_changes_nothing(database: Database) -> None:
    both = text("INSERT INTO access_patient (id) VALUES ('p'), ('p')")
    with pytest.raises(IntegrityError):
        async with database.statement() as writer:
            await writer.execute(both)
    assert await count(database) == 0


async def test_the_connection_of_a_statement_is_used_for_transactions_again(database: Database) -> None:
    async with database.statement() as writer:
        connection = await writer.value(PID)
    async with database.writer() as writer:
        assert await writer.value(PID) == connection
        await writer.execute(ADD, {"id": "p"})
        assert await count(database) == 0
    assert await count(database) == 1
