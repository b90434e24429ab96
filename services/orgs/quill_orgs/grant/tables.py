"""Who outside the organisations has access to which patient (contract 9, X6)."""

from datetime import datetime

from quill_common.database.base import Now
from sqlalchemy import Identity, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_orgs.base import Base


class ExternalAccess(Base):
    """The grant of one user for one patient, live while `revoked_at` is null; a renewed one is the same row.

    The truth about grants. `access_grant` beside it is what the access policy reads, fed by our own events. What was
    before the last renewal stands in the audit trail.
    """

    __tablename__ = "external_patient_access"
    __table_args__ = (
        UniqueConstraint("user_id", "patient_id"),
        Index(
            "ix_external_patient_access_live",
            "patient_id",
            "granted_at",
            "id",
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[int]
    patient_id: Mapped[str] = mapped_column(String(255))
    granted_by_user_id: Mapped[int]
    granted_at: Mapped[Now]
    revoked_at: Mapped[datetime | None]
    revoked_by_user_id: Mapped[int | None]
    access_level: Mapped[str] = mapped_column(String(20), server_default="full")
