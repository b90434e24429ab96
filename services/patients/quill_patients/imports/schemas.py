"""Shapes of the patient import. The body is read by hand: its numbers must keep their digits."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel
from quill_common.fhir.json_text import NotJson, parse
from quill_common.http.errors import invalid
from quill_common.http.shapes import MAX_BIGINT

MAX_PATIENTS: Final = 200


@dataclass(frozen=True, slots=True)
class ImportIn:
    """`{"organisation_id": int or null, "patients": [FHIR Patient, ...]}`, up to 200."""

    organisation_id: int | None
    patients: list[Any]

    @classmethod
    def of(cls, body: bytes) -> "ImportIn":
        """Read a request's body. Raises a 422 for what is not of that shape; patients are judged one by one later."""
        try:
            given = parse(body)
        except NotJson as problem:
            raise invalid(("body",), str(problem)) from problem
        if not isinstance(given, dict):
            raise invalid(("body",), "must be an object")
        patients = given.get("patients")
        if not isinstance(patients, list) or len(patients) > MAX_PATIENTS:
            raise invalid("patients", f"must be an array of up to {MAX_PATIENTS}")
        return cls(_organisation(given.get("organisation_id")), patients)


class ImportResult(BaseModel):
    """What became of one item; `id` is null when it has none."""

    id: str | None
    outcome: Literal["created", "unchanged", "refused"]
    reason: str | None = None


class ImportOut(BaseModel):
    """One result per item, in the order given."""

    results: list[ImportResult]


def _organisation(value: Any) -> int | None:
    if value is None or (type(value) is int and 0 < value <= MAX_BIGINT):
        return value
    raise invalid("organisation_id", "must be a positive integer or null")
