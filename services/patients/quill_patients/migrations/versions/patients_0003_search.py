"""What patients are searched by.

The columns come from Python code, so the service fills them after its start (`search/upkeep.py`), in small
transactions, and refuses to search until it has: here that would lock the table for minutes.
Code of before leaves them as they are; `searched_as` and `is_searchable` tell which rows it wrote.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision: str = "patients_0003"
down_revision: str | None = "patients_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = (
    ("terms", TSVECTOR()),
    ("born_first", sa.Date()),
    ("born_last", sa.Date()),
    ("gender", sa.Text()),
    ("searched_as", sa.BigInteger()),
)


_SEARCHABLE = "CASE WHEN searched_as = version THEN true END"


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("fhir_patient", sa.Column(name, kind, nullable=True))
    op.add_column("fhir_patient", sa.Column("is_searchable", sa.Boolean(), sa.Computed(_SEARCHABLE, persisted=True)))
    op.create_index(
        "ix_fhir_patient_terms",
        "fhir_patient",
        ["terms"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},  # a list of what is still to enter would be walked by every search
    )
    op.create_index("ix_fhir_patient_born", "fhir_patient", ["born_first"])
    op.create_index("ix_fhir_patient_by_gender", "fhir_patient", ["gender", "family_key", "given_key", "id"])
    op.create_index("ix_fhir_patient_updated", "fhir_patient", ["last_updated"])
    op.create_index(
        "ix_fhir_patient_to_read",
        "fhir_patient",
        ["id"],
        postgresql_where=sa.text("is_searchable IS NULL"),
    )


def downgrade() -> None:
    for name in ("to_read", "updated", "by_gender", "born", "terms"):
        op.drop_index(f"ix_fhir_patient_{name}", table_name="fhir_patient")
    for name in ("is_searchable", *(name for name, _ in _COLUMNS)):
        op.drop_column("fhir_patient", name)
