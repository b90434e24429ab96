"""Conversations, participants, messages and their Communications."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "messaging_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("messaging",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fhir_conversation_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'new'"), nullable=False),
        sa.Column("include_patient_as_participant", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('new', 'active', 'resolved', 'closed')", name=op.f("ck_conversations_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("fhir_conversation_id", name=op.f("uq_conversations_fhir_conversation_id")),
    )
    op.create_index(
        "ix_conversations_newest", "conversations", ["patient_id", "status", "updated_at", "id"], unique=False
    )
    op.create_table(
        "fhir_communication",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "resource_type", name=op.f("pk_fhir_communication")),
    )
    op.create_index("ix_fhir_communication_conversation", "fhir_communication", ["conversation", "sent"], unique=False)
    op.create_index(op.f("ix_fhir_communication_patient_id"), "fhir_communication", ["patient_id"], unique=False)
    op.create_table(
        "fhir_communication_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "resource_type", "version", name=op.f("pk_fhir_communication_version")),
    )
    op.create_table(
        "conversation_participants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), server_default=sa.text("'participant'"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conversation_status", sa.Text(), nullable=False),
        sa.Column("conversation_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('initiator', 'participant', 'tagged')", name=op.f("ck_conversation_participants_role")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_participants_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_participants")),
    )
    op.create_index(
        "ix_conversation_participants_newest",
        "conversation_participants",
        ["user_id", "conversation_status", "conversation_updated_at", "conversation_id"],
        unique=False,
    )
    op.create_index(
        "uq_conversation_participants_user", "conversation_participants", ["conversation_id", "user_id"], unique=True
    )
    op.create_table(
        "message_organisation",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation_status", sa.Text(), nullable=False),
        sa.Column("conversation_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_message_organisation_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "organisation_id", name=op.f("pk_message_organisation")),
    )
    op.create_index(
        "ix_message_organisation_newest",
        "message_organisation",
        ["organisation_id", "conversation_status", "conversation_updated_at", "conversation_id"],
        unique=False,
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fhir_communication_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("amends_id", sa.BigInteger(), nullable=True),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redacted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["amends_id"], ["messages.id"], name=op.f("fk_messages_amends_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("fhir_communication_id", name=op.f("uq_messages_fhir_communication_id")),
    )
    op.create_index(
        "ix_messages_in_order",
        "messages",
        ["conversation_id", "created_at", "id"],
        unique=False,
        postgresql_include=["sender_id"],
    )


def downgrade() -> None:
    op.drop_index("ix_messages_in_order", table_name="messages", postgresql_include=["sender_id"])
    op.drop_table("messages")
    op.drop_index("ix_message_organisation_newest", table_name="message_organisation")
    op.drop_table("message_organisation")
    op.drop_index("uq_conversation_participants_user", table_name="conversation_participants")
    op.drop_index("ix_conversation_participants_newest", table_name="conversation_participants")
    op.drop_table("conversation_participants")
    op.drop_table("fhir_communication_version")
    op.drop_index(op.f("ix_fhir_communication_patient_id"), table_name="fhir_communication")
    op.drop_index("ix_fhir_communication_conversation", table_name="fhir_communication")
    op.drop_table("fhir_communication")
    op.drop_index("ix_conversations_newest", table_name="conversations")
    op.drop_table("conversations")
