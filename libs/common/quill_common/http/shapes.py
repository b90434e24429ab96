"""What every request body and parameter has in common: text that PostgreSQL can hold, ids that fit, exact fields."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

MAX_BIGINT = 2**63 - 1
MAX_DEPTH = 60

ADDITIVE: Final = {"x-quill-additive": True}
"""Marks what is beyond the contract within one of its operations, as `json_schema_extra` of a parameter or a field."""


def _no_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain NUL characters")
    return value


def _blank_to_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


Text = Annotated[str, AfterValidator(_no_nul)]
Trimmed = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_no_nul)]
"""Text without the white space around it; lengths that are added to it count what is left."""

BlankIsAbsent = BeforeValidator(_blank_to_none)
"""For an optional field with a limit: `Annotated[Annotated[Text, Field(max_length=9)] | None, BlankIsAbsent]`.

A limit outside of it meets the None that a blank became, and fails.
"""


def blank_is(default: Any) -> BeforeValidator:
    """For a query parameter that is no text: `?limit=` counts as absent too (contract 1.1)."""
    return BeforeValidator(lambda value: default if isinstance(value, str) and not value.strip() else value)


OptionalText = Annotated[Text | None, BlankIsAbsent]
"""An optional field in which `""` counts as absent (contract 1.1)."""

Id = Annotated[int, Field(le=MAX_BIGINT, ge=-MAX_BIGINT, strict=False)]
PathId = Annotated[int, Path(le=MAX_BIGINT, ge=-MAX_BIGINT)]
FHIR_ID = r"^[A-Za-z0-9.-]{1,64}$"
FhirId = Annotated[str, Path(pattern=FHIR_ID, description="FHIR id")]

Time = Annotated[datetime, PlainSerializer(lambda time: rfc3339(time), return_type=str)]
"""RFC 3339 in UTC, always with offset."""


def rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Body(BaseModel):
    """A request body; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", str_max_length=1_000_000)


class ExactBody(Body):
    """A request body marked *forbid extra*."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A response body."""

    model_config = ConfigDict(from_attributes=True)


def storable_json(value: Any, depth: int = 0) -> Any:
    """`value` if it can be stored as JSON; raises ValueError for NUL, lone surrogates, NaN or too deep nesting."""
    if depth > MAX_DEPTH:
        raise ValueError("is nested too deeply")
    if isinstance(value, str):
        _no_nul(value)
        value.encode()  # UnicodeEncodeError is a ValueError
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number that JSON does not know")
    elif isinstance(value, dict):
        for key, inner in value.items():
            storable_json(key, depth)
            storable_json(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            storable_json(inner, depth + 1)
    return value


JsonObject = Annotated[dict[str, Any], AfterValidator(storable_json)]
"""A free JSON object that can be stored."""
