"""Which features an organisation has."""

from quill_common.database.base import Now
from sqlalchemy import ForeignKey, Identity, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from quill_orgs.base import Base


class Feature(Base):
    """The row is the switch: it stands while the feature is on. `enabled_by` is a user's id."""

    __tablename__ = "organisation_features"
    __table_args__ = (UniqueConstraint("organisation_id", "feature_key"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    feature_key: Mapped[str] = mapped_column(String(50), index=True)
    enabled_at: Mapped[Now]
    enabled_by: Mapped[int | None]
