"""Prescriptions of controlled drugs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "patients_0004"
down_revision: str | None = "patients_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "prescription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("medication", sa.Text(), nullable=False),
        sa.Column("dose", sa.Text(), nullable=False),
        sa.Column("duration_days", sa.Integer(), nullable=False),
        sa.Column("prescriber_id", sa.BigInteger(), nullable=False),
        sa.Column("prescriber", sa.Text(), nullable=False),
        sa.Column(
            "prescribed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("duration_days > 0", name=op.f("ck_prescription_lasts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription")),
    )
    op.create_index("ix_prescription_by_patient", "prescription", ["patient_id", "prescribed_at"])


def downgrade() -> None:
    op.drop_table("prescription")
