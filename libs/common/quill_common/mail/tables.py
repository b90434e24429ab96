"""Mails that wait to be sent, and those that could not be."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_common.database.base import Now, SharedBase


class OutgoingMail(SharedBase):
    """One mail. The row goes when the mail was handed over: its text may hold a link that lets somebody in.

    `next_try_at` of a mail that is being sent is the end of the sender's lease. A failed mail is kept without its text.
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        Index("ix_outgoing_mail_due", "next_try_at", postgresql_where=text("failed_at IS NULL")),
        Index("ix_outgoing_mail_failed_at", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Now]
    give_up_at: Mapped[datetime]
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    failed_at: Mapped[datetime | None]
    # What went wrong last: a status or a kind of failure, never what a server said (it repeats addresses).
    failure: Mapped[str | None]
