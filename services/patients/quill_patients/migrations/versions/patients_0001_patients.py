"""Patients with every version, and whether they are listed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "patients_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("patients",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "fhir_patient",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("family_key", sa.Text(collation="C"), nullable=False),
        sa.Column("given_key", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("id", "resource_type", name="pk_fhir_patient"),
    )
    op.create_index("ix_fhir_patient_by_name", "fhir_patient", ["family_key", "given_key", "id"])
    op.create_index("ix_fhir_patient_keys", "fhir_patient", ["id"], postgresql_include=["family_key", "given_key"])
    op.create_table(
        "fhir_patient_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "resource_type", "version", name="pk_fhir_patient_version"),
    )
    op.create_table(
        "patient_metadata",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("patient_id", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patient_metadata"),
        sa.UniqueConstraint("patient_id", name="uq_patient_metadata_patient_id"),
    )
    op.create_index(
        "ix_patient_metadata_inactive", "patient_metadata", ["patient_id"], postgresql_where=sa.text("NOT is_active")
    )


def downgrade() -> None:
    op.drop_table("patient_metadata")
    op.drop_table("fhir_patient_version")
    op.drop_table("fhir_patient")
