"""The role of a service adds to the trail and reads it: no statement of its own changes or removes what is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from quill_common.database.migration import downgrade, upgrade
from quill_common.database.provision import provision
from quill_common.testing.database import TestDatabase, migrated_database

FORBIDDEN = [
    "UPDATE audit_entry SET action = 'nothing'",
    "UPDATE audit_entry SET position = NULL, hash = NULL",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "DROP TABLE audit_entry",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "ALTER TABLE audit_entry DETACH PARTITION {part}",
    "CREATE TRIGGER mine BEFORE UPDATE ON audit_entry FOR EACH ROW "
    "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "INSERT INTO audit_entry (action, outcome, position, hash) VALUES ('a', 'success', 1, '')",
    "INSERT INTO audit_entry (action, outcome, recorded_at) VALUES ('a', 'success', now())",
    "INSERT INTO audit_entry (action, outcome, id) VALUES ('a', 'success', 1)",
    "SELECT * FROM {part}",
    "INSERT INTO {part} (action, outcome) VALUES ('a', 'success')",
    "UPDATE {part} SET action = 'nothing'",
    "DELETE FROM {part}",
    "TRUNCATE {part}",
    "UPDATE audit_head SET position = 0",
    "INSERT INTO audit_head (position, hash, sealed_at) VALUES (0, '', now())",
    "DELETE FROM audit_head",
    "SELECT setval('audit_entry_id_seq', 1)",
    "ALTER SEQUENCE audit_entry_id_seq RESTART",
    "SELECT * FROM audit_entry FOR UPDATE",
    "DO $$ BEGIN LOCK TABLE audit_entry IN SHARE MODE; END $$",
    "CREATE TEMPORARY TABLE audit_entry_2099_01 (id bigint)",
    "CREATE TABLE audit_entry_2099_01 (id bigint)",
    "CREATE FUNCTION audit_netstring(text) RETURNS text LANGUAGE sql AS 'SELECT NULL'",
    "ALTER FUNCTION seal_audit(integer) SET search_path = pg_temp",
    "SELECT restrict_audit(current_user)",
    "SELECT orgs.seal_audit(1)",
    "CREATE OR REPLACE FUNCTION seal_audit(integer) RETURNS integer LANGUAGE sql AS 'SELECT 0'",
]
ADD = "INSERT INTO audit_entry (action, outcome) VALUES ('patient.read', 'success')"


@pytest.fixture(scope="module")
async def database(postgres_url: str) -> AsyncIterator[TestDatabase]:
    async with migrated_database(postgres_url, "auth", "orgs") as database:
        yield database


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def assert_append_only(url: str) -> None:
    async with connected(url) as service:
        await service.execute(ADD)
        parts = await service.fetch("SELECT inhrelid::regclass::text FROM pg_inherits "
                                    "WHERE inhparent = 'audit_entry'::regclass")  # fmt: skip
        assert len(parts) == 4
        before = await service.fetchval("SELECT count(*) FROM audit_entry")
        for statement in FORBIDDEN:
            for part in parts if "{part}" in statement else [("",)]:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await service.execute(statement.format(part=part[0]))
        assert await service.fetchval("SELECT count(*) FROM audit_entry") == before
        assert await service.fetchval("SELECT seal_audit(10)") == 1
        await service.execute("SELECT make_audit_partitions()")


async def test_a_service_adds_and_reads_and_nothing_else(database: TestDatabase) -> None:
    await assert_append_only(database.urls["auth"])


async def test_provisioning_again_opens_nothing(database: TestDatabase) -> None:
    await assert_append_only(await provision(database.admin_url, "auth", "another"))


async def test_a_schema_migrated_before_its_role_exists_is_closed_too(database: TestDatabase) -> None:
    async with connected(database.admin_url) as owner:
        await owner.execute("CREATE SCHEMA letters")
    await upgrade("letters", database.admin_url)
    await assert_append_only(await provision(database.admin_url, "letters", "new"))
    await downgrade("letters", database.admin_url)
    await upgrade("letters", database.admin_url)
    await assert_append_only(await provision(database.admin_url, "letters", "new"))
    async with connected(database.admin_url) as owner:
        role = f'"{database.name}_letters"'
        await owner.execute(f"DROP SCHEMA letters CASCADE; DROP OWNED BY {role}; DROP ROLE {role}")


async def test_a_later_partition_is_closed_as_the_first_ones(database: TestDatabase) -> None:
    async with connected(database.admin_url) as owner:
        last = await owner.fetchval("SELECT max(inhrelid::regclass::text) FROM pg_inherits "
                                      "WHERE inhparent = 'orgs.audit_entry'::regclass "
                                      "AND inhrelid::regclass::text ~ '[0-9]$'")  # fmt: skip
        await owner.execute(f"DROP TABLE {last}")
    async with connected(database.urls["orgs"]) as service:
        await service.execute("SELECT make_audit_partitions()")
    async with connected(database.urls["orgs"]) as service:
        for statement in (f"SELECT * FROM {last}", f"DELETE FROM {last}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.execute(statement)
