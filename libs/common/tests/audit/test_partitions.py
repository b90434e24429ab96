"""The months to come get their partitions, and who makes them stands in nobody's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from quill_common.audit.entry import AuditEntry
from quill_common.audit.sealer import PARTITIONS_AGAIN_SECONDS, PARTITIONS_SECONDS, Sealer
from quill_common.database.engine import Database
from quill_common.testing.kit import ServiceKit

LAST = """
SELECT max(inhrelid::regclass::text) FROM pg_inherits
WHERE inhparent = 'audit_entry'::regclass AND inhrelid::regclass::text ~ '[0-9]$'
"""
BOUND = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = to_regclass($1)"


@asynccontextmanager
async def owner(kit: ServiceKit) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(kit.database.admin_url, server_settings={"search_path": kit.name})
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def long_reading(kit: ServiceKit) -> AsyncIterator[None]:
    """Inside, somebody reads the whole trail in one transaction, as a verification does."""
    async with owner(kit) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.fetch("SELECT id FROM audit_entry")
        yield


@asynccontextmanager
async def sealer(kit: ServiceKit) -> AsyncIterator[Sealer]:
    database = Database(kit.database.urls[kit.name], 1)
    try:
        yield Sealer(database)
    finally:
        await database.close()


async def without_the_last(kit: ServiceKit) -> str:
    """Take away the partition of the latest month; its name."""
    async with owner(kit) as connection:
        last: str = await connection.fetchval(LAST)
        await connection.execute(f"DROP TABLE {last}")
    return last


async def test_a_partition_that_must_wait_for_a_long_reader_holds_up_nobody_for_long(kit: ServiceKit) -> None:
    last = await without_the_last(kit)
    await kit.parts.audit.record(AuditEntry("test.act"))
    async with sealer(kit) as other, long_reading(kit):
        async with asyncio.timeout(60):
            making = asyncio.create_task(other._look_after_partitions())
            assert await kit.parts.sealer.seal() == 1
            assert len(await kit.audited()) == 1
            assert await making == PARTITIONS_AGAIN_SECONDS
    async with sealer(kit) as other, owner(kit) as connection:
        assert await other._look_after_partitions() == PARTITIONS_SECONDS
        assert await connection.fetchval(LAST) == last


@pytest.mark.parametrize(("zone", "style"), [("Asia/Shanghai", "SQL, DMY"), ("America/St_Johns", "German")])
async def test_a_month_is_the_same_whatever_the_session_says(kit: ServiceKit, zone: str, style: str) -> None:
    async with owner(kit) as connection:
        await connection.execute("SET timezone = 'UTC'")
        bound = await connection.fetchval(BOUND, await connection.fetchval(LAST))
    last = await without_the_last(kit)
    service = await asyncpg.connect(kit.database.urls[kit.name])
    await service.execute(f"SET timezone = '{zone}'; SET datestyle = '{style}'; SELECT make_audit_partitions()")
    await service.close()
    async with owner(kit) as connection:
        await connection.execute("SET timezone = 'UTC'")
        assert await connection.fetchval(BOUND, last) == bound
