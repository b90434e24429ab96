"""A migrated database of its own for the tests of one service, gone afterwards."""

import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy import make_url

from quill_common.audit.verification import verify
from quill_common.database.migration import upgrade
from quill_common.database.provision import provision, role_of
from quill_common.topology import Service


@dataclass(frozen=True)
class TestDatabase:
    """`admin_url` owns the database, `urls` are of the services' own roles."""

    __test__ = False

    name: str
    admin_url: str
    urls: dict[Service, str]


@asynccontextmanager
async def migrated_database(server_url: str, *services: Service) -> AsyncIterator[TestDatabase]:
    """Create a database, provision and migrate the schemas of `services`, and drop it at the end.

    Before that the audit trail of every service must verify: whatever a test did through the service left it whole.
    """
    name = f"qt_{os.getpid()}_{secrets.token_hex(4)}"
    await _on_server(server_url, f'CREATE DATABASE "{name}"')
    admin_url = make_url(server_url).set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    try:
        urls = {service: await provision(admin_url, service, secrets.token_urlsafe(16)) for service in services}
        for service in services:
            await upgrade(service, admin_url)
        yield TestDatabase(name, admin_url, urls)
        await assert_audit_verifies(admin_url, services)
    finally:
        await _on_server(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')
        for service in services:
            await _on_server(server_url, f'DROP ROLE IF EXISTS "{role_of(name, service)}"')


async def assert_audit_verifies(admin_url: str, services: Sequence[Service]) -> None:
    """Seal what is left and verify each trail. Raises AssertionError naming the first that is broken."""
    connection = await asyncpg.connect(admin_url)
    try:
        for service in services:
            if await connection.fetchval("SELECT to_regclass($1)", f"{service}.audit_entry") is None:
                continue  # a test took the schema down
            while await connection.fetchval(f"SELECT {service}.seal_audit(1000)"):
                pass
            found = await verify(connection, service)
            assert found.fault is None, f"the audit trail of {service} is broken at {found.broken_at}: {found.fault}"
    finally:
        await connection.close()


async def execute(url: str, *statements: str) -> None:
    """Run statements as the role of `url`."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _on_server(server_url: str, statement: str) -> None:
    await execute(make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False), statement)
