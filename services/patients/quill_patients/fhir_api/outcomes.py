"""Any failure as an OperationOutcome: what it means is decided where all of Quill's errors are, here is its form."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from quill_common.fhir.outcome import CODES, FHIR_JSON, Issue, operation_outcome
from quill_common.fhir.store import StoreFailing
from quill_common.fhir.validation import InvalidResource, Problem
from quill_common.http.errors import BadRequest, QuillError, StoreUnavailable, internal_error
from quill_common.log import get_logger

from quill_patients.patient.store import RESOURCE_TYPE


class NotFhir(BadRequest):
    """A body or parameter that is not valid; `issues` name each element or parameter.

    R4, http, create: what fails FHIR's own rules is a 400; a 422 is for rules of the server's own.
    """

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(issues[0].text)
        self.issues = issues


class NotProcessable(NotFhir):
    """What was asked can be read, and would make something that is not valid."""

    status = 422


class PatientDeleted(QuillError):
    """FHIR tells what was deleted from what never was; who has no access gets neither."""

    status = 410
    detail = "Patient was deleted"


def invalid_element(problem: InvalidResource, kind: type[NotFhir] = NotFhir) -> NotFhir:
    """A resource that is not valid, each problem with the FHIRPath of its element."""
    return kind([Issue("invalid", p.message, expression=fhir_path(p.place)) for p in problem.problems])


def invalid_parameter(name: str, message: str) -> NotFhir:
    """A parameter or header that is not good, by its name."""
    return NotFhir([Issue("invalid", message, location=f"http.{name}")])


def fhir_path(place: Sequence[str | int]) -> str:
    """`("name", 0, "family")` as `Patient.name[0].family`."""
    path = Problem(tuple(place), "").path
    return f"{RESOURCE_TYPE}.{path}" if path else RESOURCE_TYPE


async def outcome_of(request: Request, problem: Exception) -> Response:
    """The answer to `problem`. What nobody foresaw is logged and told as a 500 that tells nothing."""
    if isinstance(problem, StoreFailing):
        problem = StoreUnavailable()
    if isinstance(problem, NotFhir):
        return _response(problem.status, problem.issues, {})
    handler = _handler(request.app, problem)
    if handler is None:
        get_logger().error("unexpected failure", exc_info=problem)
        plain = internal_error()
    else:
        plain = await handler(request, problem)
    detail = orjson.loads(bytes(plain.body))["detail"]
    if isinstance(detail, list):
        return _not_good([(each["loc"], each["msg"]) for each in detail])
    text = detail if isinstance(detail, str) else detail["message"]
    code = CODES.get(plain.status_code, "exception")
    return _response(plain.status_code, [Issue(code, text)], plain.headers)


def _handler(app: FastAPI, problem: Exception) -> Any:
    """What the whole service does about such a problem."""
    for kind in type(problem).__mro__:
        if kind in app.exception_handlers:
            return app.exception_handlers[kind]
    return None


def _not_good(problems: Sequence[tuple[Sequence[str | int], str]]) -> Response:
    """A 422 for a body, which `validate` found good FHIR: a rule of Quill's own; a 400 for parameters and headers."""
    in_body = all(place[0] == "body" for place, _ in problems)
    issues = [
        Issue("business-rule", text, expression=fhir_path(place[1:]))
        if place[0] == "body"
        else Issue("invalid", text, location="http." + ".".join(str(part) for part in place[1:] or place))
        for place, text in problems
    ]
    return _response(422 if in_body else 400, issues, {})


def _response(status: int, issues: Sequence[Issue], headers: Mapping[str, str]) -> Response:
    kept = {name: value for name, value in headers.items() if name.lower() not in {"content-type", "content-length"}}
    return Response(operation_outcome(issues), status, kept, FHIR_JSON)
