"""The crowd in the databases of a running system, which must be empty of patients."""

import importlib
from typing import Final

import asyncpg
from quill_common.testing.crowd import Growth, fill_projection
from quill_common.topology import SERVICES

FILL_THEMSELVES: Final = ("orgs", "patients")
_TAKEN: Final = "SELECT EXISTS (SELECT FROM patients.access_patient) OR EXISTS (SELECT FROM orgs.organizations)"


class NotEmpty(RuntimeError):
    """The system has patients or organisations already."""


async def require_empty(connection: asyncpg.Connection) -> None:
    """Raises NotEmpty."""
    if await connection.fetchval(_TAKEN):
        raise NotEmpty("it has patients or organisations already; start one on a data directory of its own")


async def grow(connection: asyncpg.Connection, growth: Growth) -> None:
    """Add `growth` to every service, as the owner of the database. No event tells of it."""
    for service in SERVICES:
        if service in FILL_THEMSELVES:
            # As with migrations: the operator knows services by name, and imports them where they are installed.
            await importlib.import_module(f"quill_{service}.testing.crowd").fill(connection, growth)
        else:
            await fill_projection(connection, service, growth)
    await connection.execute("VACUUM (ANALYZE)")
