"""What a service may do in the database: its own schema through its own role, and nothing else.

The owner of the database makes schemas, roles and tables; a service's role only reads and writes rows.
"""

from typing import Final

import asyncpg
from sqlalchemy.engine import make_url

_IDENTIFIER_BYTES: Final = 63  # NAMEDATALEN - 1: PostgreSQL silently cuts longer names
_LOCK: Final = 0x5155494C4C  # "QUILL": one provisioning at a time per database

_DATABASE: Final = """
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
"""

_ROLE: Final = """
ALTER ROLE {role} WITH LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD {password};
ALTER ROLE {role} IN DATABASE {database} SET search_path = {schema};
GRANT CONNECT ON DATABASE {database} TO {role};
CREATE SCHEMA IF NOT EXISTS {schema};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role};
"""

_RESTRICT_AUDIT: Final = "restrict_audit(name)"
"""A function of the migration `shared_0002_audit`: takes from a role what would let it change the audit trail."""


def role_of(database: str, service: str) -> str:
    """The name of the role of `service` in `database`. Raises ValueError if PostgreSQL would cut it."""
    role = f"{database}_{service}"
    if len(role.encode()) > _IDENTIFIER_BYTES:
        raise ValueError(f"The database name {database!r} is too long: the role {role!r} exceeds 63 bytes")
    return role


def role_url(admin_url: str, service: str, password: str) -> str:
    """`admin_url` with the role and password of `service` in place of the owner's."""
    url = make_url(admin_url)
    if not url.database:
        raise ValueError("The database URL names no database")
    own = url.set(drivername="postgresql", username=role_of(url.database, service), password=password)
    return own.render_as_string(hide_password=False)


async def provision(admin_url: str, service: str, password: str) -> str:
    """Make sure that the schema and the role of `service` exist with this password; return the role's URL.

    `admin_url` is of the owner of the database, who may create roles. Running it again, or twice at once, is
    safe. Tables that the same owner makes afterwards are open to the role by default privileges.
    """
    url = role_url(admin_url, service, password)
    admin = make_url(admin_url).set(drivername="postgresql")
    connection = await asyncpg.connect(admin.render_as_string(hide_password=False))
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await _apply(connection, str(admin.database), service, password)
    finally:
        await connection.close()
    return url


async def _apply(connection: asyncpg.Connection, database: str, service: str, password: str) -> None:
    role = role_of(database, service)
    names = {"database": _quoted(database), "role": _quoted(role), "schema": _quoted(service)}
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {names['role']}")
    literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await connection.execute(_DATABASE.format(**names))
    await connection.execute(_ROLE.format(**names, password=literal))
    restrict = f"{names['schema']}.{_RESTRICT_AUDIT}"
    if await connection.fetchval("SELECT to_regprocedure($1) IS NOT NULL", restrict):
        await connection.execute(f"SELECT {names['schema']}.restrict_audit($1)", role)


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
