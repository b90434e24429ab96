"""FHIR R4 OperationOutcome: how an error is told at the FHIR door, by the service behind it and by the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

FHIR_JSON: Final = "application/fhir+json"
CODES: Final = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    414: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
    431: "too-long",
    503: "transient",
}
"""What a status means in the value set issue-type; others are `exception`."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong. `expression` is the FHIRPath of an element, `location` `http.<parameter or header>`."""

    code: str
    text: str
    expression: str | None = None
    location: str | None = None
    severity: str = "error"

    def as_dict(self) -> dict[str, Any]:
        issue: dict[str, Any] = {"severity": self.severity, "code": self.code, "details": {"text": self.text}}
        if self.location is not None:
            issue["location"] = [self.location]
        if self.expression is not None:
            issue["expression"] = [self.expression]
        return issue


def operation_outcome(issues: Sequence[Issue]) -> bytes:
    """The resource as JSON; at least one issue."""
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue.as_dict() for issue in issues]})


def outcome_of(status: int, text: str) -> bytes:
    """An outcome that says no more than a status and a text do."""
    return operation_outcome([Issue(CODES.get(status, "exception"), text)])
