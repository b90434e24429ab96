"""Recovery codes of accounts. The TOTP secret is a column of `users` (contract 9)."""

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from quill_auth.account.tables import User
from quill_auth.base import Base


class RecoveryCode(Base):
    """A code that was not used yet, as its hash; using it deletes the row."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
