"""Which patients an organisation looks after."""

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_orgs.base import Base

ONE_PRIMARY = "uq_organisation_patient_member_one_primary"


class PatientMember(Base):
    """A patient of an organisation; primary where the patient was created, so at most one of a patient's rows is.

    The truth about memberships. `access_patient_member` beside it is what the access policy reads.
    """

    __tablename__ = "organisation_patient_member"
    __table_args__ = (
        Index(ONE_PRIMARY, "patient_id", unique=True, postgresql_where=text("is_primary")),
        Index("ix_organisation_patient_member_by_patient", "patient_id", "organisation_id"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))
