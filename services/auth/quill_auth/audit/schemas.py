"""Shapes of the merged trail."""

from datetime import datetime
from typing import Any

from quill_common.audit.entry import Outcome
from quill_common.http.shapes import Answer
from quill_common.topology import Service


class PatientAuditEntry(Answer):
    """Who did what with one patient's record, when, and whether it was let pass."""

    service: Service
    id: int
    recorded_at: datetime
    actor_id: int | None
    actor_name: str | None
    actor_service: str | None
    action: str
    outcome: Outcome
    target: str | None


class AuditedEntry(PatientAuditEntry):
    """All that is on record of one act. `position` is null until the entry is sealed."""

    position: int | None
    session_id: str | None
    patient_id: str | None
    patient_ids: list[str] | None
    subject_user_id: int | None
    request_id: str | None
    address: str | None
    details: dict[str, Any] | None


class PatientAudit(Answer):
    entries: list[PatientAuditEntry]
    next_cursor: str | None


class AuditPage(Answer):
    entries: list[AuditedEntry]
    next_cursor: str | None
