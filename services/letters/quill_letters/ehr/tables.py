"""EHRs."""

from uuid import UUID

from quill_common.database.base import Now
from sqlalchemy.orm import Mapped, mapped_column

from quill_letters.base import Base


class Ehr(Base):
    """A patient's openEHR EHR; `status` is its EHR_STATUS as serialised JSON."""

    __tablename__ = "ehr"

    ehr_id: Mapped[UUID] = mapped_column(primary_key=True)
    system_id: Mapped[str]
    patient_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Now]
    status: Mapped[str]
