"""The log of what a service published, and how far it has read those of others."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_common.database.base import Now, SharedBase


class Outbox(SharedBase):
    """One published event. `position` is null until the sequencer has numbered it after its commit."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_unnumbered", "id", postgresql_where=text("position IS NULL")),
        Index("ix_outbox_by_cause", "cause", "position", postgresql_where=text("cause IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    position: Mapped[int | None] = mapped_column(unique=True)
    type: Mapped[str]
    subject: Mapped[str]
    data: Mapped[str] = mapped_column(Text)
    time: Mapped[Now]
    request_id: Mapped[str | None]
    # The source whose event led to this one, when a consumer published it.
    cause: Mapped[str | None]


class OutboxHead(SharedBase):
    """The last position drawn. Its row lock serialises sequencers. One row."""

    __tablename__ = "outbox_head"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    position: Mapped[int] = mapped_column(server_default=text("0"))


class OutboxRelay(SharedBase):
    """The last position that the broker confirmed; its row lock elects the relaying process. One row."""

    __tablename__ = "outbox_relay"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    published: Mapped[int] = mapped_column(server_default=text("0"))


class Inbox(SharedBase):
    """The last position of `source` whose effects are in this schema."""

    __tablename__ = "inbox"

    source: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(server_default=text("0"))
    applied_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class ParkedEvent(SharedBase):
    """An event that could not be applied, kept with its error until an operator retries it."""

    __tablename__ = "parked_event"

    source: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    envelope: Mapped[str] = mapped_column(Text)
    error: Mapped[str]
    tries: Mapped[int]
    parked_at: Mapped[Now]
