"""Prescriptions."""

from quill_common.database.base import Now
from sqlalchemy import CheckConstraint, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from quill_patients.base import Base


class Prescription(Base):
    """One prescription as it was written; rows are only ever added. `prescriber` is the username of that time."""

    __tablename__ = "prescription"
    __table_args__ = (
        CheckConstraint("duration_days > 0", name="lasts"),
        Index("ix_prescription_by_patient", "patient_id", "prescribed_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str]
    medication: Mapped[str]
    dose: Mapped[str]
    duration_days: Mapped[int] = mapped_column(Integer)
    prescriber_id: Mapped[int]
    prescriber: Mapped[str]
    prescribed_at: Mapped[Now]
