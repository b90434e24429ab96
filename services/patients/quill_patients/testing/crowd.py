"""The crowd in the tables of patients, as creating one by one would leave it but for the events."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import asyncpg
from quill_common.fhir.resource import StoredResource, stamped
from quill_common.testing.crowd import Growth, fill_projection, is_active, patient, patient_id

from quill_patients.patient.builtin import BuiltInPatients
from quill_patients.patient.store import RESOURCE_TYPE

_AT_ONCE: Final = 5_000
_TERMS: Final = "SELECT pg_get_indexdef('patients.ix_fhir_patient_terms'::regclass)"
_VERSION: Final = ("id", "resource_type", "version", "last_updated", "content")


async def fill(connection: asyncpg.Connection, growth: Growth) -> None:
    """Add `growth`, as the owner of the database. It is vacuumed and analysed, as the server would soon do."""
    terms = await connection.fetchval(_TERMS)
    await connection.execute("DROP INDEX patients.ix_fhir_patient_terms")  # faster made than kept
    rows = (_row(number) for number in growth.numbers)
    while some := list(islice(rows, _AT_ONCE)):
        await _copy(connection, "fhir_patient", list(some[0]), (list(row.values()) for row in some))
        await _copy(connection, "fhir_patient_version", _VERSION, ([row[c] for c in _VERSION] for row in some))
    await connection.execute(terms)
    inactive = ((patient_id(number), False) for number in growth.numbers if not is_active(number))
    await _copy(connection, "patient_metadata", ("patient_id", "is_active"), inactive)
    await fill_projection(connection, "patients", growth)
    await connection.execute("VACUUM (ANALYZE)")


def _row(number: int) -> dict[str, Any]:
    """All columns, those that searches look at too, by the store's own rule."""
    resource, now = patient(number), datetime.now(UTC)
    stored = StoredResource(RESOURCE_TYPE, resource["id"], 1, now, stamped(resource, 1, now))
    return _STORE._row(resource, stored)


async def _copy(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], records: Iterator[Sequence[Any]]
) -> None:
    """As text, which PostgreSQL reads for every type; no value is null."""
    lines = io.StringIO()
    csv.writer(lines, quoting=csv.QUOTE_ALL).writerows(records)
    source = io.BytesIO(lines.getvalue().encode())
    await connection.copy_to_table(table, schema_name="patients", columns=list(columns), source=source, format="csv")


_STORE: Final = BuiltInPatients()
