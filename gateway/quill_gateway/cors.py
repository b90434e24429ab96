"""Cross-origin access, for the origins that the settings name and no others (contract 1.9)."""

from quill_gateway.errors import Headers

_METHODS = b"GET, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = b"Content-Type, X-CSRF-Token, Idempotency-Key, If-Match, X-Request-ID"
_RESPONSE_HEADERS = b"ETag, Retry-After, X-Quill-Pending, X-Request-ID"


class Cors:
    def __init__(self, origins: list[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def allows(self, origin: bytes | None) -> bool:
        return origin in self._origins

    def headers(self, origin: bytes | None) -> Headers:
        """For any answer to a request from `origin`; nothing while no origin is configured."""
        if not self._origins:
            return []
        vary = [(b"vary", b"Origin")]
        if origin is None or not self.allows(origin):
            return vary
        return [
            *vary,
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _RESPONSE_HEADERS),
        ]

    def preflight(self) -> Headers:
        """Beside `headers`, for the answer to an OPTIONS request of an allowed origin."""
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", b"600"),
        ]
