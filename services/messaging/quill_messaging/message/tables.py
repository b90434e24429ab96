"""Messages as the thread shows them. Append-only."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from quill_messaging.base import Base
from quill_messaging.thread.tables import Conversation


class Message(Base):
    """One message; its source of truth is the Communication named.

    `created_at` ascends with `id` inside a conversation: both are drawn while the conversation is locked.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # Unread counts read nothing but this index.
        Index("ix_messages_in_order", "conversation_id", "created_at", "id", postgresql_include=["sender_id"]),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    fhir_communication_id: Mapped[str] = mapped_column(unique=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"))
    sender_id: Mapped[int]
    body: Mapped[str]
    amends_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    redacted_at: Mapped[datetime | None]
    redacted_by_id: Mapped[int | None]
    created_at: Mapped[datetime]
