"""Invitations, grants, and one primary membership a patient."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "orgs_0002"
down_revision: str | None = "orgs_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "external_patient_access",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.String(length=255), nullable=False),
        sa.Column("granted_by_user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "granted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_user_id", sa.BigInteger(), nullable=True),
        sa.Column("access_level", sa.String(length=20), server_default="full", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_patient_access")),
        sa.UniqueConstraint("user_id", "patient_id", name=op.f("uq_external_patient_access_user_id_patient_id")),
    )
    op.create_index(
        "ix_external_patient_access_live",
        "external_patient_access",
        ["patient_id", "granted_at", "id"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("user_type", sa.String(length=20), nullable=False),
        sa.Column("inviter_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by_user_id", sa.BigInteger(), nullable=True),
        sa.Column("registered", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    op.create_index("ix_invitation_created_at", "invitation", ["created_at"], unique=False)
    op.create_index(
        "uq_organisation_patient_member_one_primary",
        "organisation_patient_member",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )


def downgrade() -> None:
    op.drop_index("uq_organisation_patient_member_one_primary", table_name="organisation_patient_member")
    op.drop_table("invitation")
    op.drop_table("external_patient_access")
