"""A version may say deleted, and a patient's NHS number is nobody else's.

Patients that share a number already go on sharing it: it counts as the first one's, and is in the log how many others
have it. Code of before knows nothing of the columns and goes on working; the number of a patient that it writes follows
at the next write.
"""

import json
import logging
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "patients_0002"
down_revision: str | None = "patients_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BATCH = 1_000
_FOUND = sa.text("CREATE TEMPORARY TABLE found (id text PRIMARY KEY, version bigint, number text) ON COMMIT DROP")
_PAGE = sa.text("SELECT id, version, content FROM fhir_patient WHERE id > :after ORDER BY id LIMIT :batch")
_ADD = sa.text(
    "INSERT INTO found"
    " SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:versions AS bigint[]), CAST(:numbers AS text[]))"
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version, number = excluded.number"
)
_CHANGED = sa.text(
    "SELECT id, version, content FROM fhir_patient AS patient"
    " WHERE NOT EXISTS (SELECT FROM found WHERE found.id = patient.id AND found.version = patient.version)"
)
_GIVE = sa.text(
    "UPDATE fhir_patient SET nhs_number = found.number FROM found"
    " WHERE fhir_patient.id = found.id AND found.number IS NOT NULL"
)
_SHARE = sa.text(
    "UPDATE fhir_patient SET nhs_number_shared = true WHERE id IN (SELECT id FROM"
    " (SELECT patient.id, row_number() OVER (PARTITION BY nhs_number ORDER BY first.last_updated, patient.id) AS place"
    " FROM fhir_patient AS patient JOIN fhir_patient_version AS first ON first.id = patient.id AND first.version = 1"
    " WHERE nhs_number IS NOT NULL) AS holder WHERE place > 1)"
)


def upgrade() -> None:
    _find_numbers(op.get_bind())
    op.add_column("fhir_patient_version", sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("fhir_patient", sa.Column("nhs_number", sa.Text(), nullable=True))
    op.add_column(
        "fhir_patient", sa.Column("nhs_number_shared", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    _give_numbers(op.get_bind())
    op.create_index(
        "uq_fhir_patient_nhs_number",
        "fhir_patient",
        ["nhs_number"],
        unique=True,
        postgresql_where=sa.text("NOT nhs_number_shared"),
    )


def downgrade() -> None:
    op.drop_index("uq_fhir_patient_nhs_number", table_name="fhir_patient")
    op.drop_column("fhir_patient", "nhs_number_shared")
    op.drop_column("fhir_patient", "nhs_number")
    op.drop_column("fhir_patient_version", "deleted")


def _find_numbers(connection: sa.Connection) -> None:
    """Read all records before a column is added: from then on nobody else can read them until this has ended."""
    connection.execute(_FOUND)
    after = ""
    while page := connection.execute(_PAGE, {"after": after, "batch": _BATCH}).all():
        _note(connection, page)
        after = page[-1].id


def _give_numbers(connection: sa.Connection) -> None:
    changed = connection.execute(_CHANGED).all()  # while the others were read
    if changed:
        _note(connection, changed)
    connection.execute(_GIVE)
    shared = connection.execute(_SHARE).rowcount
    if shared:
        logging.getLogger("alembic.runtime.migration").warning(
            "%d patients have an NHS number that another patient had before them (fhir_patient.nhs_number_shared)",
            shared,
        )


def _note(connection: sa.Connection, rows: Sequence[Any]) -> None:
    numbers = [_number(json.loads(row.content)) for row in rows]
    ids, versions = [row.id for row in rows], [row.version for row in rows]
    connection.execute(_ADD, {"ids": ids, "versions": versions, "numbers": numbers})


def _number(patient: dict[str, Any]) -> str | None:
    for identifier in patient.get("identifier") or []:
        if identifier.get("system") == "https://fhir.nhs.uk/Id/nhs-number" and identifier.get("use") != "old":
            number = "".join((identifier.get("value") or "").split())
            if re.fullmatch("[0-9]{10}", number):
                return number
    return None
