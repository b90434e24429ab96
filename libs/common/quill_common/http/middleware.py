"""Around every request: its id, one log line, its metrics, and a 500 that tells nothing."""

import re
import time
import uuid
from functools import cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quill_common.http.errors import answer, internal_error
from quill_common.log import get_logger

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = ("/health/", "/metrics")

REQUESTS = Counter("quill_requests_total", "Answered requests", ("service", "method", "route", "status"))
SECONDS = Histogram(
    "quill_request_seconds",
    "Time from the request's head to the end of the answer",
    ("service", "method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class RequestMiddleware:
    """The outermost layer of a service, plain ASGI since it is on the path of every request."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 500
        begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            if _holds_nul(scope):
                refusal = answer(422, [{"type": "value_error", "loc": ["path"], "msg": "must not contain NUL"}])
                await refusal(scope, receive, send_with_id)
            else:
                await self._app(scope, receive, send_with_id)
        except Exception:  # quill: allow broad-except - the last place before the server; logged and answered with 500
            get_logger().exception("unexpected failure")
            if begun:
                raise
            await internal_error()(scope, receive, send_with_id)
        finally:
            self._note(scope, status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        if route.startswith(_QUIET):
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"
        count, seconds_taken = _measures(self._service, method, route, status)
        count.inc()
        seconds_taken.observe(seconds)
        get_logger().info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))


@cache  # few: all labels are ours
def _measures(service: str, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(service, method, route, status), SECONDS.labels(service, method, route)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = value.decode("latin-1")
            return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    return uuid.uuid4().hex


def _holds_nul(scope: Scope) -> bool:
    return "\x00" in scope["path"] or b"%00" in scope["query_string"]
