"""The tables of events, access and idempotency."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "shared_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("shared",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "access_grant",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "patient_id", name=op.f("pk_access_grant")),
    )
    op.create_index(op.f("ix_access_grant_patient_id"), "access_grant", ["patient_id"], unique=False)
    op.create_table(
        "access_patient",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_patient")),
    )
    op.create_table(
        "access_patient_member",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("patient_id", "organisation_id", name=op.f("pk_access_patient_member")),
    )
    op.create_index(
        "ix_access_patient_member_by_organisation",
        "access_patient_member",
        ["organisation_id", "patient_id"],
        unique=False,
    )
    op.create_table(
        "access_staff",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "organisation_id", name=op.f("pk_access_staff")),
    )
    op.create_index(op.f("ix_access_staff_organisation_id"), "access_staff", ["organisation_id"], unique=False)
    op.create_table(
        "access_user",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("competencies", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_user")),
    )
    op.create_index(op.f("ix_access_user_patient_id"), "access_user", ["patient_id"], unique=False)
    op.create_table(
        "idempotent_answer",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotent_answer")),
    )
    op.create_index("ix_idempotent_answer_created_at", "idempotent_answer", ["created_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "applied_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_inbox")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("position", name=op.f("uq_outbox_position")),
    )
    op.create_index(
        "ix_outbox_by_cause",
        "outbox",
        ["cause", "position"],
        unique=False,
        postgresql_where=sa.text("cause IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_unnumbered", "outbox", ["id"], unique=False, postgresql_where=sa.text("position IS NULL")
    )
    op.create_table(
        "outbox_head",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_outbox_head_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_outbox_head")),
    )
    op.create_table(
        "outbox_relay",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("published", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_outbox_relay_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_outbox_relay")),
    )
    op.create_table(
        "parked_event",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("source", "position", name=op.f("pk_parked_event")),
    )
    op.execute("INSERT INTO outbox_head DEFAULT VALUES")
    op.execute("INSERT INTO outbox_relay DEFAULT VALUES")


def downgrade() -> None:
    op.drop_table("parked_event")
    op.drop_table("outbox_relay")
    op.drop_table("outbox_head")
    op.drop_index("ix_outbox_unnumbered", table_name="outbox", postgresql_where=sa.text("position IS NULL"))
    op.drop_index("ix_outbox_by_cause", table_name="outbox", postgresql_where=sa.text("cause IS NOT NULL"))
    op.drop_table("outbox")
    op.drop_table("inbox")
    op.drop_index("ix_idempotent_answer_created_at", table_name="idempotent_answer")
    op.drop_table("idempotent_answer")
    op.drop_index(op.f("ix_access_user_patient_id"), table_name="access_user")
    op.drop_table("access_user")
    op.drop_index(op.f("ix_access_staff_organisation_id"), table_name="access_staff")
    op.drop_table("access_staff")
    op.drop_index("ix_access_patient_member_by_organisation", table_name="access_patient_member")
    op.drop_table("access_patient_member")
    op.drop_table("access_patient")
    op.drop_index(op.f("ix_access_grant_patient_id"), table_name="access_grant")
    op.drop_table("access_grant")
