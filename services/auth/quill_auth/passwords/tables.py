"""Asked-for reset links, and the links that were sent."""

from datetime import datetime

from quill_common.database.base import Now
from sqlalchemy import ForeignKey, Identity, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from quill_auth.account.tables import User
from quill_auth.base import Base


class ResetRequest(Base):
    """Somebody asked for a link to this address. Whether an account has it is looked up after the answer."""

    __tablename__ = "reset_request"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    address: Mapped[str] = mapped_column(index=True)


class PasswordReset(Base):
    """A link that was mailed: the SHA-256 of its token. `spent_at`: it was used, or overtaken by a change.

    A spent one is kept for as long as it counts against the account's mails an hour.
    """

    __tablename__ = "password_reset"
    __table_args__ = (Index("ix_password_reset_of_user", "user_id", "created_at"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[Now]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    spent_at: Mapped[datetime | None]
