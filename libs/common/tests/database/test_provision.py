"""The role of a service reaches its own schema and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from quill_common.database.provision import provision, role_of, role_url
from quill_common.testing.postgres import postgres_server
from sqlalchemy.engine import make_url

DATABASE = "provision_test"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
async def admin_url(server: str) -> AsyncIterator[str]:
    async with connected(server) as connection:
        await drop(connection)
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    yield make_url(server).set(database=DATABASE).render_as_string(hide_password=False)
    async with connected(server) as connection:
        await drop(connection)


async def drop(connection: asyncpg.Connection) -> None:
    await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    for service in ("auth", "orgs"):
        await connection.execute(f"DROP ROLE IF EXISTS {role_of(DATABASE, service)}")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def both(admin_url: str) -> tuple[str, str]:
    urls = await provision(admin_url, "auth", "first"), await provision(admin_url, "orgs", "second")
    async with connected(admin_url) as admin:
        await admin.execute("CREATE TABLE auth.secrets (id bigserial PRIMARY KEY, word text)")
        await admin.execute("CREATE TABLE orgs.units (id bigserial PRIMARY KEY, word text)")
    return urls


async def test_a_service_reads_and_writes_rows_of_its_own_schema_without_naming_it(admin_url: str) -> None:
    auth, _ = await both(admin_url)
    async with connected(auth) as connection:
        await connection.execute("INSERT INTO secrets (word) VALUES ('a')")
        await connection.execute("UPDATE secrets SET word = 'b'")
        assert await connection.fetchval("SELECT word FROM secrets") == "b"
        await connection.execute("DELETE FROM secrets")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM orgs.units",
        "INSERT INTO orgs.units (word) VALUES ('mine')",
        "UPDATE orgs.units SET word = 'mine'",
        "DELETE FROM orgs.units",
        "SELECT nextval('orgs.units_id_seq')",
        "CREATE TABLE orgs.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE TABLE auth.mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE auth.secrets ADD COLUMN more text",
        "DROP TABLE auth.secrets",
        "TRUNCATE auth.secrets",
        "CREATE ROLE mine",
        "SET ROLE provision_test_orgs",
    ],
)
async def test_a_service_is_refused_everything_beyond_its_rows(admin_url: str, statement: str) -> None:
    auth, _ = await both(admin_url)
    async with connected(auth) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_provisioning_twice_at_once_leaves_one_working_role(admin_url: str) -> None:
    urls = await asyncio.gather(*(provision(admin_url, "auth", "same") for _ in range(8)))
    assert len(set(urls)) == 1
    async with connected(urls[0]) as connection:
        assert await connection.fetchval("SELECT current_user") == "provision_test_auth"


async def test_provisioning_again_changes_the_password_and_keeps_the_data(admin_url: str) -> None:
    await both(admin_url)
    async with connected(admin_url) as admin:
        await admin.execute("INSERT INTO auth.secrets (word) VALUES ('kept')")
    url = await provision(admin_url, "auth", "it's % new \\ one")
    async with connected(url) as connection:
        assert await connection.fetchval("SELECT word FROM secrets") == "kept"


async def test_tables_that_were_there_before_are_opened_to_the_role(admin_url: str) -> None:
    async with connected(admin_url) as admin:
        await admin.execute("CREATE SCHEMA auth; CREATE TABLE auth.old (id int)")
    async with connected(await provision(admin_url, "auth", "p")) as connection:
        assert await connection.fetch("SELECT * FROM old") == []


async def test_other_roles_cannot_even_connect(admin_url: str) -> None:
    await both(admin_url)
    async with connected(admin_url) as admin:
        allowed = await admin.fetchval(f"SELECT has_database_privilege('pg_read_all_data', '{DATABASE}', 'CONNECT')")
    assert allowed is False


def test_a_role_name_that_postgresql_would_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        role_of("d" * 60, "messaging")


def test_a_url_without_a_database_is_refused() -> None:
    with pytest.raises(ValueError, match="names no database"):
        role_url("postgresql://root@127.0.0.1", "auth", "p")
