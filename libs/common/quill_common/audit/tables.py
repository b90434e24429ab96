"""The audit trail of one service. Its functions and rights stand in the migration `shared_0002_audit`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, PrimaryKeyConstraint, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from quill_common.database.base import Now, SharedBase


class AuditRow(SharedBase):
    """One recorded act. `position` and `hash` are null until the sealer has chained the row after its commit.

    Partitioned by month. The service's role may insert the facts and read; it can change nothing and cannot choose
    the time, the id or the seal.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        PrimaryKeyConstraint("recorded_at", "id"),
        CheckConstraint("outcome IN ('success', 'refused', 'failed')", name="outcome"),
        CheckConstraint("array_ndims(patient_ids) = 1", name="flat"),
        Index("ix_audit_entry_unsealed", "id", postgresql_where=text("position IS NULL")),
        Index("ix_audit_entry_position", "position", postgresql_where=text("position IS NOT NULL")),
        Index(
            "ix_audit_entry_of_patient",
            "patient_id",
            "recorded_at",
            "id",
            postgresql_where=text("patient_id IS NOT NULL"),
        ),
        Index(
            "ix_audit_entry_of_actor",
            "actor_id",
            "recorded_at",
            "id",
            postgresql_where=text("actor_id IS NOT NULL"),
        ),
        Index(
            "ix_audit_entry_of_subject",
            "subject_user_id",
            "recorded_at",
            "id",
            postgresql_where=text("subject_user_id IS NOT NULL"),
        ),
        Index(
            "ix_audit_entry_of_patients",
            "patient_ids",
            postgresql_using="gin",
            postgresql_where=text("patient_ids IS NOT NULL"),
        ),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    recorded_at: Mapped[Now]
    id: Mapped[int] = mapped_column(server_default=text("nextval('audit_entry_id_seq')"))
    actor_id: Mapped[int | None]
    actor_service: Mapped[str | None]
    session_id: Mapped[UUID | None]
    action: Mapped[str]
    outcome: Mapped[str]
    patient_id: Mapped[str | None]
    patient_ids: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    subject_user_id: Mapped[int | None]
    target: Mapped[str | None]
    request_id: Mapped[str | None]
    address: Mapped[str | None]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    position: Mapped[int | None]
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditHead(SharedBase):
    """The last sealed entry. The row is made by the first seal."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    position: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime]
