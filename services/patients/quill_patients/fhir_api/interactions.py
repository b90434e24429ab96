"""Every interaction of the door: the one table of which routes and CapabilityStatement are made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Response
from quill_common.fhir.outcome import FHIR_JSON
from quill_common.http.callers import Staff

from quill_patients.fhir_api import everything, reading, writing
from quill_patients.fhir_api.media import JSON_PATCH

Handler = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Interaction:
    """`code` is R4's, of type-restful-interaction; `operation` instead names an operation (`everything`)."""

    method: str
    path: str
    handler: Handler
    action: str
    code: str | None = None
    operation: str | None = None
    guards: tuple[Any, ...] = field(default=())
    body: tuple[str, ...] = ()

    @property
    def operation_id(self) -> str:
        return f"fhirPatient{self.handler.__name__.title().replace('_', '')}" + ("Post" if self.path == _SEARCH else "")


_ONE, _SEARCH = "/Patient/{patient_id}", "/Patient/_search"
_RESOURCE: Final = (FHIR_JSON, "application/json")
_FORM: Final = ("application/x-www-form-urlencoded",)
_PATCH: Final = (JSON_PATCH,)

INTERACTIONS: Final = (
    Interaction("GET", "/Patient", reading.search, "patient.list", "search-type"),
    Interaction("POST", _SEARCH, reading.search, "patient.list", "search-type", body=_FORM),
    Interaction("POST", "/Patient", writing.create, "patient.create", "create", guards=(Staff,), body=_RESOURCE),
    Interaction("GET", _ONE, reading.read, "patient.read", "read"),
    Interaction("PUT", _ONE, writing.update, "patient.update", "update", guards=(Staff,), body=_RESOURCE),
    Interaction("PATCH", _ONE, writing.patch, "patient.update", "patch", guards=(Staff,), body=_PATCH),
    Interaction("DELETE", _ONE, writing.delete, "patient.delete", "delete"),
    Interaction("GET", f"{_ONE}/_history", reading.history, "patient_history.read", "history-instance"),
    Interaction("GET", f"{_ONE}/_history/{{version}}", reading.vread, "patient_version.read", "vread"),
    Interaction("GET", f"{_ONE}/$everything", everything.everything, "patient.everything", operation="everything"),
)
