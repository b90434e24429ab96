"""Sessions and their refresh tokens."""

from datetime import datetime
from uuid import UUID

from quill_common.database.base import Now
from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_auth.account.tables import User
from quill_auth.base import Base


class Session(Base):
    """One sign-in and all that was renewed from it: the family of its refresh tokens.

    `generation` is that of the newest refresh token, `expires_at` moves on with each renewal, up to the longest that a
    session may last. `device` and `address` are those of the last sign-in or renewal, and replace what was before:
    whoever reads the list of the own sessions asks who uses them, and no trail of places is kept.
    """

    __tablename__ = "session"
    __table_args__ = (
        # Its columns are the list of one's sessions, last used first.
        Index("ix_session_live_by_use", "user_id", "last_used_at", "id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_session_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    generation: Mapped[int] = mapped_column(server_default=text("0"))
    # Tokens of generations below it belong to an earlier line and renew nothing: the password was changed since.
    first_generation: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Now]
    last_used_at: Mapped[Now]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]
    device: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(64))


class RefreshToken(Base):
    """A refresh token that was given out, stored as the SHA-256 of its id; `used_at` is its first use."""

    __tablename__ = "refresh_token"

    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]
