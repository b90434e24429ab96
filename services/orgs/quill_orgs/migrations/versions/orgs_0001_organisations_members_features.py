"""Organisations, their members and features."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "orgs_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("orgs",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=50), server_default="hospital_team", nullable=False),
        sa.Column("location", sa.String(length=500), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "type IN ('hospital_team', 'gp_practice', 'private_clinic', 'department', 'teaching_establishment')",
            name=op.f("ck_organizations_known_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    op.create_index(op.f("ix_organizations_name"), "organizations", ["name"], unique=False)
    op.create_table(
        "organisation_features",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("feature_key", sa.String(length=50), nullable=False),
        sa.Column(
            "enabled_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("enabled_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organizations.id"],
            name=op.f("fk_organisation_features_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_features")),
        sa.UniqueConstraint(
            "organisation_id", "feature_key", name=op.f("uq_organisation_features_organisation_id_feature_key")
        ),
    )
    op.create_index(
        op.f("ix_organisation_features_feature_key"), "organisation_features", ["feature_key"], unique=False
    )
    op.create_table(
        "organisation_patient_member",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.String(length=255), nullable=False),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organizations.id"],
            name=op.f("fk_organisation_patient_member_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "patient_id", name=op.f("pk_organisation_patient_member")),
    )
    op.create_index(
        "ix_organisation_patient_member_by_patient",
        "organisation_patient_member",
        ["patient_id", "organisation_id"],
        unique=False,
    )
    op.create_table(
        "organisation_staff_member",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organizations.id"],
            name=op.f("fk_organisation_staff_member_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "user_id", name=op.f("pk_organisation_staff_member")),
    )
    op.create_index(
        "ix_organisation_staff_member_by_user",
        "organisation_staff_member",
        ["user_id", "organisation_id"],
        unique=False,
    )
    op.create_index(
        "uq_organisation_staff_member_one_primary",
        "organisation_staff_member",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )


def downgrade() -> None:
    op.drop_table("organisation_staff_member")
    op.drop_table("organisation_patient_member")
    op.drop_table("organisation_features")
    op.drop_table("organizations")
