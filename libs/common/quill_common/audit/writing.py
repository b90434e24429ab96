"""One statement for all entries of a transaction or of a group of requests."""

from collections.abc import Sequence

from sqlalchemy import text

from quill_common.audit.entry import FACTS, AuditEntry, entries_json
from quill_common.database.engine import Database
from quill_common.database.session import Writer

_TYPES = {
    "actor_id": "bigint",
    "session_id": "uuid",
    "patient_ids": "text[]",
    "subject_user_id": "bigint",
    "details": "json",
}
_COLUMNS = ", ".join(FACTS)
_RECORD = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in FACTS)
_INSERT = text(
    f"INSERT INTO audit_entry ({_COLUMNS}) SELECT {_COLUMNS} "  # noqa: S608 - names from our own dataclass
    f"FROM json_to_recordset(CAST(:entries AS json)) AS entry ({_RECORD})"
)

_MAKE_PARTITIONS = text("SELECT make_audit_partitions()")


async def write_entries(writer: Writer, entries: Sequence[AuditEntry]) -> None:
    """Insert `entries`; none is no statement."""
    if entries:
        await writer.execute(_INSERT, {"entries": entries_json(entries)})


async def make_partitions(database: Database) -> None:
    """Make sure that this month and the next two have their partitions."""
    async with database.statement() as writer:
        await writer.execute(_MAKE_PARTITIONS)
