"""Conversations, their organisations and participants (contract 9).

`conversation_status` and `conversation_updated_at` repeat the conversation's own, so that the newest of a status, of an
organisation or of a person are the beginning of an index. `thread.repository` moves all three tables together.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_messaging.base import Base

STATUSES = ("new", "active", "resolved", "closed")
ROLES = ("initiator", "participant", "tagged")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


class Conversation(Base):
    """A thread of messages about one patient."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_newest", "patient_id", "status", "updated_at", "id"),
        _one_of("status", STATUSES),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    fhir_conversation_id: Mapped[str] = mapped_column(unique=True)
    patient_id: Mapped[str]
    subject: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'new'"))
    include_patient_as_participant: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ConversationOrganisation(Base):
    """An organisation whose staff may read the conversation; never taken away."""

    __tablename__ = "message_organisation"
    __table_args__ = (
        Index(
            "ix_message_organisation_newest",
            "organisation_id",
            "conversation_status",
            "conversation_updated_at",
            "conversation_id",
        ),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    conversation_status: Mapped[str]
    conversation_updated_at: Mapped[datetime]


class Participant(Base):
    """A user who takes part; `last_read_at` is the time of the newest message they have read."""

    __tablename__ = "conversation_participants"
    __table_args__ = (
        Index("uq_conversation_participants_user", "conversation_id", "user_id", unique=True),
        Index(
            "ix_conversation_participants_newest",
            "user_id",
            "conversation_status",
            "conversation_updated_at",
            "conversation_id",
        ),
        _one_of("role", ROLES),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"))
    user_id: Mapped[int]
    role: Mapped[str] = mapped_column(server_default=text("'participant'"))
    joined_at: Mapped[datetime]
    last_read_at: Mapped[datetime | None]
    conversation_status: Mapped[str]
    conversation_updated_at: Mapped[datetime]
