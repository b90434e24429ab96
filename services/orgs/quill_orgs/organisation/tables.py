"""Organisations."""

from quill_common.database.base import Now
from sqlalchemy import CheckConstraint, Identity, String
from sqlalchemy.orm import Mapped, mapped_column

from quill_orgs.base import Base
from quill_orgs.organisation.kinds import TYPES

_KNOWN_TYPE = "type IN ('{}')".format("', '".join(TYPES))


class Organisation(Base):
    """A team, practice, clinic, department or school. `updated_at` moves with each change."""

    __tablename__ = "organizations"
    __table_args__ = (CheckConstraint(_KNOWN_TYPE, name="known_type"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), index=True)
    type: Mapped[str] = mapped_column(String(50), server_default="hospital_team")
    location: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
