"""Up, compare, down, up: on a database that may be thrown away."""

import asyncpg
from quill_common.database.migration import check, current_of, downgrade, heads_of, upgrade
from quill_common.database.provision import provision
from quill_common.topology import Service

_LEFT_BEHIND = """
SELECT kind || ' ' || name FROM (
    SELECT 'table' AS kind, tablename AS name FROM pg_tables WHERE schemaname = $1
    UNION ALL SELECT 'sequence', sequencename FROM pg_sequences WHERE schemaname = $1
    UNION ALL SELECT 'type', t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname = $1 AND t.typtype IN ('e', 'd')
    UNION ALL SELECT 'function', p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = $1
) AS objects WHERE name <> 'alembic_version'
"""


async def rehearse(service: Service, url: str) -> list[str]:
    """What is wrong with the migrations of `service`, tried on the empty database at `url` as its owner."""
    await provision(url, service, "rehearsal")
    await upgrade(service, url)
    faults = [f"models and migrations differ: {difference}" for difference in await check(service, url)]
    await downgrade(service, url)
    faults += [f"left behind by the way down: {name}" for name in await _objects(service, url)]
    await upgrade(service, url)
    if await current_of(service, url) != heads_of(service):
        faults.append("does not come up again after the way down")
    return faults


async def _objects(service: Service, url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(_LEFT_BEHIND, service)]
    finally:
        await connection.close()
