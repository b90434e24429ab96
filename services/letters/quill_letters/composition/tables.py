"""Every version of every letter."""

from datetime import datetime
from uuid import UUID

from quill_common.database.base import Now
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from quill_letters.base import Base
from quill_letters.ehr.tables import Ehr


class Composition(Base):
    """One version of a letter, never changed once written.

    `content` is the COMPOSITION as serialised JSON, sent as it is stored; the other columns are for lists.
    `created_at` is when the letter was written, the same for all its versions; `committed_at` is when this version
    came here. `author` is the composer's name, `author_id` the account that wrote it (None for an imported letter).
    """

    __tablename__ = "composition"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_from_one"),
        Index("ix_composition_newest_first", "patient_id", "created_at", "object_id"),
    )

    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    system_id: Mapped[str]
    ehr_id: Mapped[UUID] = mapped_column(ForeignKey(Ehr.ehr_id), index=True)
    patient_id: Mapped[str]
    title: Mapped[str]
    author: Mapped[str]
    author_id: Mapped[int | None]
    created_at: Mapped[datetime]
    committed_at: Mapped[Now]
    content: Mapped[str]
