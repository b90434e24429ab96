"""What health and metrics say of the audit trail: how much is recorded, and whether sealing keeps up."""

from collections.abc import Sequence
from typing import Any, Final

from prometheus_client import Counter, Gauge
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from quill_common.audit.entry import AuditEntry
from quill_common.database.engine import Database

OVERDUE_SECONDS: Final = 60.0

RECORDED = Counter("quill_audit_entries_total", "Acts put on record", ("service", "outcome"))
UNSEALED = Gauge("quill_audit_unsealed", "Recorded acts that are not in the chain yet, 10,000 at most", ("service",))
AGE = Gauge("quill_audit_oldest_unsealed_seconds", "Age of the oldest act that is not in the chain yet", ("service",))

_UNSEALED = text(
    """
    WITH waiting AS (SELECT recorded_at FROM audit_entry WHERE position IS NULL ORDER BY id LIMIT 10000)
    SELECT count(*) AS entries,
        coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS age FROM waiting
    """
)


def count_recorded(service: str, entries: Sequence[AuditEntry]) -> None:
    for entry in entries:
        RECORDED.labels(service, entry.outcome).inc()


async def unsealed(database: Database) -> tuple[int, float]:
    """How many entries wait for their seal, and the age of the oldest in seconds."""
    async with database.reader() as reader:
        row = await reader.row(_UNSEALED)
    assert row is not None  # noqa: S101 - an aggregate has a row
    return row.entries, row.age


async def audit_check(database: Database) -> dict[str, Any]:
    """Nothing waits for its seal longer than a minute."""
    try:
        entries, age = await unsealed(database)
    except (SQLAlchemyError, OSError, TimeoutError):
        return {"state": "unreachable"}
    if age > OVERDUE_SECONDS:
        return {"state": "unsealed", "entries": entries, "oldest_seconds": round(age)}
    return {"state": "ok"}


async def observe_audit(service: str, database: Database) -> None:
    """Set the gauges. What cannot be read now keeps its last value."""
    try:
        entries, age = await unsealed(database)
    except (SQLAlchemyError, OSError, TimeoutError):
        return
    UNSEALED.labels(service).set(entries)
    AGE.labels(service).set(age)
