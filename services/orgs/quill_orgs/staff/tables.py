"""Who belongs to which organisation's staff."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_orgs.base import Base

ONE_PRIMARY = "uq_organisation_staff_member_one_primary"


class StaffMember(Base):
    """A user of any level on an organisation's staff list; at most one of a user's rows is primary.

    The truth about memberships. `access_staff` beside it is what the access policy reads, fed by our own events.
    """

    __tablename__ = "organisation_staff_member"
    __table_args__ = (
        Index(ONE_PRIMARY, "user_id", unique=True, postgresql_where=text("is_primary")),
        Index("ix_organisation_staff_member_by_user", "user_id", "organisation_id"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))
