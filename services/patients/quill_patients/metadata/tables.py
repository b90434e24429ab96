"""What Quill knows of a patient beside the resource."""

from sqlalchemy import Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_patients.base import Base


class PatientMetadata(Base):
    """Whether the patient is listed; a patient without a row is."""

    __tablename__ = "patient_metadata"
    __table_args__ = (Index("ix_patient_metadata_inactive", "patient_id", postgresql_where=text("NOT is_active")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(255), unique=True)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
