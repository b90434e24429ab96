"""Shapes of the history endpoints."""

from typing import Annotated

from pydantic import BaseModel, Field

from quill_patients.patient.schemas import PatientOut


class VersionOut(BaseModel):
    """One version; `resource` is null where the patient was deleted."""

    version: int
    last_updated: Annotated[str, Field(description="RFC 3339, in UTC")]
    deleted: bool
    resource: PatientOut | None


class HistoryOut(BaseModel):
    """Newest first."""

    versions: list[VersionOut]
    next_cursor: Annotated[str | None, Field(description="For the next page; null at the end")] = None
