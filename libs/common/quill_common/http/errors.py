"""How a failure becomes an answer: one class per kind, and one place that turns the rest into 4xx, 500 or 503."""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from quill_common.database.faults import is_database_away
from quill_common.fhir.store import DeletionRefused, StoreFailing
from quill_common.identity.errors import KeysUnavailable
from quill_common.log import get_logger

RETRY_AFTER_SECONDS = 2


class QuillError(Exception):
    """A refusal with the status and the `detail` of the contract. Subclass it with a fixed text, or pass one."""

    status: ClassVar[int] = 400
    detail: str | dict[str, str] = "Bad request"
    headers: Mapping[str, str] = {}
    an_attempt: ClassVar[bool] = False
    """Whether an audited route puts it on record as refused, as it does 403, 404 and 410: somebody guessed a secret."""

    def __init__(self, detail: str | dict[str, str] | None = None) -> None:
        super().__init__(detail or self.detail)
        if detail is not None:
            self.detail = detail

    def body(self) -> dict[str, Any]:
        """What is answered."""
        return {"detail": self.detail}


class BadRequest(QuillError):
    status = 400


class Unauthenticated(QuillError):
    status = 401
    detail = "Not authenticated"


class Forbidden(QuillError):
    status = 403
    detail = "Forbidden"


class NotFound(QuillError):
    status = 404
    detail = "Not Found"


class UserNotFound(NotFound):
    """No such account, or an inactive one where only active ones count."""

    detail = "User not found"


class PatientNotFound(NotFound):
    """Raised only after access was decided: who has none learns nothing."""

    detail = "Patient not found"


class Conflict(QuillError):
    status = 409
    detail = "Conflict"


class PreconditionFailed(QuillError):
    status = 412
    detail = "Precondition failed"


class Unprocessable(QuillError):
    """A 422 whose `detail` is a string; for the usual array raise `invalid()`."""

    status = 422
    detail = "Unprocessable"


class TooManyRequests(QuillError):
    """A rate limit is reached; `limit` as configured, `retry_after` in whole seconds."""

    status = 429

    def __init__(self, limit: str, retry_after: int) -> None:
        super().__init__(f"Rate limit exceeded: {limit}")
        self.headers = {"Retry-After": str(retry_after)}

    def body(self) -> dict[str, Any]:
        """`error` is what existing frontends read."""
        return {"error": self.detail, "detail": self.detail}


class Unavailable(QuillError):
    """A part that is needed to decide the answer is down."""

    status = 503
    detail = "Service temporarily unavailable"
    headers: Mapping[str, str] = {"Retry-After": str(RETRY_AFTER_SECONDS)}


class StoreUnavailable(Unavailable):
    """The FHIR or openEHR store is unreachable or failing."""

    detail = "Clinical store unavailable"


class NoDeletion(QuillError):
    """The clinical store of this site cannot delete."""

    status = 405
    detail = "The clinical store of this deployment does not delete"


class ClinicalSwitchedOff(QuillError):
    status = 503
    detail = "Clinical services are not available in this deployment"


def invalid(field: str | tuple[str | int, ...], message: str, kind: str = "value_error") -> RequestValidationError:
    """A validation error found by a rule: 422 with the contract's array. `field` is in the body unless it is a path."""
    loc = ("body", field) if isinstance(field, str) else field
    return RequestValidationError([{"type": kind, "loc": loc, "msg": message}])


def install(app: FastAPI) -> None:
    """Make every error of `app` an answer in the contract's form."""
    app.add_exception_handler(QuillError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for away in (
        OperationalError,
        InterfaceError,
        PoolTimeout,
        DBAPIError,
        OSError,
        TimeoutError,
        KeysUnavailable,
    ):
        app.add_exception_handler(away, _away_or_broken)
    app.add_exception_handler(StoreFailing, _store_failing)
    app.add_exception_handler(DeletionRefused, _no_deletion)


def answer(status: int, detail: Any, headers: Mapping[str, str] | None = None) -> Response:
    """`{"detail": ...}` with a status."""
    return Response(orjson.dumps({"detail": detail}), status, headers, "application/json")


def internal_error() -> Response:
    return answer(500, "Internal server error")


async def _refused(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, QuillError)  # noqa: S101 - what it is registered for
    return Response(orjson.dumps(problem.body()), problem.status, dict(problem.headers), "application/json")


async def _http(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 - what it is registered for
    return answer(problem.status_code, problem.detail, dict(problem.headers or {}))


async def _invalid(_: Request, problem: Exception) -> Response:
    """The array of the contract, without `input`: what was sent may be a password or not even be JSON."""
    assert isinstance(problem, RequestValidationError)  # noqa: S101 - what it is registered for
    return answer(
        422,
        [{"type": e["type"], "loc": [_place(part) for part in e["loc"]], "msg": e["msg"]} for e in problem.errors()],
    )


def _place(part: Any) -> str | int:
    return part if isinstance(part, int) else str(part).encode("utf-8", "replace").decode()


async def _away_or_broken(_: Request, problem: Exception) -> Response:
    if isinstance(problem, (KeysUnavailable, OSError, TimeoutError)) or is_database_away(problem):
        get_logger().warning("dependency away", error=type(problem).__name__)
        return answer(503, Unavailable.detail, Unavailable.headers)
    get_logger().error("unexpected failure", exc_info=problem)
    return internal_error()


async def _store_failing(request: Request, problem: Exception) -> Response:
    get_logger().warning("clinical store failing", reason=str(problem))
    return await _refused(request, StoreUnavailable())


async def _no_deletion(request: Request, _: Exception) -> Response:
    return await _refused(request, NoDeletion())
