"""Every way in which the gateway itself says no, with the contract's words (section 1.2)."""

from typing import ClassVar

import orjson

Headers = list[tuple[bytes, bytes]]

_RETRY: Headers = [(b"retry-after", b"2")]
_CLOSE: Headers = [(b"connection", b"close")]


class Refusal(Exception):
    """An answer of the gateway's own. Subclasses say status, detail and further headers."""

    status: ClassVar[int]
    detail: ClassVar[str]
    headers: Headers = []
    body: ClassVar[bytes]

    def __init_subclass__(cls) -> None:
        cls.body = orjson.dumps({"detail": cls.detail})


class BadRequest(Refusal):
    status, detail, headers = 400, "Bad request", _CLOSE


class NotAuthenticated(Refusal):
    status, detail = 401, "Not authenticated"


class BadToken(Refusal):
    status, detail = 401, "Invalid token"


class NoRefreshToken(Refusal):
    status, detail = 401, "No refresh token"


class BadCsrf(Refusal):
    status, detail = 403, "CSRF failed"


class NotFound(Refusal):
    status, detail = 404, "Not Found"


class MethodNotAllowed(Refusal):
    """Carries the methods that the path has."""

    status, detail = 405, "Method Not Allowed"

    def __init__(self, methods: set[str]) -> None:
        super().__init__()
        self.headers = [(b"allow", ", ".join(sorted(methods)).encode())]


class TooSlow(Refusal):
    """The client took too long to send its body."""

    status, detail, headers = 408, "Request timeout", _CLOSE


class BodyTooLarge(Refusal):
    status, detail, headers = 413, "Request body too large", _CLOSE


class TargetTooLong(Refusal):
    status, detail, headers = 414, "URI too long", _CLOSE


class HeadersTooLarge(Refusal):
    status, detail, headers = 431, "Request header fields too large", _CLOSE


class Unexpected(Refusal):
    status, detail = 500, "Internal server error"


class ClinicalOff(Refusal):
    status, detail = 503, "Clinical services are not available in this deployment"


class Away(Refusal):
    """A part that is needed for the answer is down."""

    status, detail, headers = 503, "Service temporarily unavailable", _RETRY
