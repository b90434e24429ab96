"""Invitations that were handed out."""

import uuid
from datetime import datetime

from quill_common.database.base import Now
from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from quill_orgs.base import Base


class Invitation(Base):
    """One link. A good token is worth nothing without its row, and the row goes when the link is over.

    `registered` says whether the first acceptance made the account `accepted_by_user_id`.
    """

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_created_at", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(255))
    user_type: Mapped[str] = mapped_column(String(20))
    inviter_id: Mapped[int]
    created_at: Mapped[Now]
    accepted_at: Mapped[datetime | None]
    accepted_by_user_id: Mapped[int | None]
    registered: Mapped[bool | None]
