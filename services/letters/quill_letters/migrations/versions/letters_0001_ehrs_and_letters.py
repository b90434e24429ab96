"""EHRs and letters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "letters_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("letters",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "ehr",
        sa.Column("ehr_id", sa.Uuid(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ehr_id", name=op.f("pk_ehr")),
        sa.UniqueConstraint("patient_id", name=op.f("uq_ehr_patient_id")),
    )
    op.create_table(
        "composition",
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False),
        sa.Column("ehr_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "committed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_composition_version_from_one")),
        sa.ForeignKeyConstraint(["ehr_id"], ["ehr.ehr_id"], name=op.f("fk_composition_ehr_id")),
        sa.PrimaryKeyConstraint("object_id", "version", name=op.f("pk_composition")),
    )
    op.create_index(op.f("ix_composition_ehr_id"), "composition", ["ehr_id"], unique=False)
    op.create_index(
        "ix_composition_newest_first", "composition", ["patient_id", "created_at", "object_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_composition_newest_first", table_name="composition")
    op.drop_index(op.f("ix_composition_ehr_id"), table_name="composition")
    op.drop_table("composition")
    op.drop_table("ehr")
