"""The counters of a service without Redis."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from quill_common.database.base import SharedBase


class RateLimit(SharedBase):
    """One counter of one window. `key` tells no address and no name: see `keys.py`.

    UNLOGGED: a crash of PostgreSQL empties it, and counting begins anew. No index beside the key, so that counting
    changes no index (HOT).
    """

    __tablename__ = "rate_limit"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: Mapped[str] = mapped_column(primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime]
