"""Shapes of the letter import."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from quill_common.http.shapes import BlankIsAbsent, Body, FhirId, Text

from quill_letters.composition.schemas import MAX_TITLE, AuthorField, LetterBody

MAX_LETTERS: Final = 50
MAX_SOURCE_ID: Final = 1000
EARLIEST_YEAR: Final = 1800
LATEST_YEAR: Final = 2199

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _rfc3339_only(value: Any) -> Any:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 time with offset")
    return value


def _in_living_memory(value: datetime) -> datetime:
    """In UTC. The ends of the calendar mean infinity to the database."""
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise ValueError(f"must lie in the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    return value.astimezone(UTC)


SourceId = Annotated[Text, Field(min_length=1, max_length=MAX_SOURCE_ID)]


class ImportedLetter(Body):
    """One letter of another system; `source_id` is what it is called there."""

    patient_id: FhirId
    source_id: SourceId
    title: Annotated[Annotated[Text, Field(max_length=MAX_TITLE)] | None, BlankIsAbsent] = None
    body: LetterBody
    author_name: AuthorField = None
    written_at: Annotated[AwareDatetime, BeforeValidator(_rfc3339_only), AfterValidator(_in_living_memory)]


class Item(BaseModel):
    """An item as it came: named, so that its result can be told; the rest is judged on its own."""

    model_config = ConfigDict(extra="allow")

    source_id: SourceId


class ImportIn(Body):
    """Up to 50 letters."""

    letters: Annotated[list[Item], Field(max_length=MAX_LETTERS)]


class ImportResult(BaseModel):
    """What became of one item; `patient_id` is for the audit trail and not sent."""

    source_id: str
    patient_id: Annotated[str | None, Field(exclude=True)] = None
    outcome: Literal["created", "unchanged", "refused"]
    reason: str | None = None
