"""The crowd in the tables of patients, as creating one by one would leave it but for the events."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import asyncpg
from quill_common.fhir.resource import stamped
from quill_common.testing.crowd import Growth, fill_projection, is_active, patient, patient_id

from quill_patients.patient.naming import sort_keys

_AT_ONCE: Final = 5_000
_VERSION: Final = ("id", "resource_type", "version", "last_updated", "content")


async def fill(connection: asyncpg.Connection, growth: Growth) -> None:
    """Add `growth`, as the owner of the database. It is vacuumed and analysed, as the server would soon do."""
    rows = (_row(number) for number in growth.numbers)
    while some := list(islice(rows, _AT_ONCE)):
        await _copy(connection, "fhir_patient", list(some[0]), (list(row.values()) for row in some))
        await _copy(connection, "fhir_patient_version", _VERSION, ([row[c] for c in _VERSION] for row in some))
    inactive = ((patient_id(number), False) for number in growth.numbers if not is_active(number))
    await _copy(connection, "patient_metadata", ("patient_id", "is_active"), inactive)
    await fill_projection(connection, "patients", growth)
    await connection.execute("VACUUM (ANALYZE)")


def _row(number: int) -> dict[str, Any]:
    resource, now = patient(number), datetime.now(UTC)
    return {
        "id": resource["id"],
        "resource_type": "Patient",
        "version": 1,
        "last_updated": now,
        "content": stamped(resource, 1, now),
        **sort_keys(resource),
    }


async def _copy(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], records: Iterator[Sequence[Any]]
) -> None:
    await connection.copy_records_to_table(
        table, schema_name="patients", columns=list(columns), records=records, timeout=None
    )
