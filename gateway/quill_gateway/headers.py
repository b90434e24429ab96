"""Header hygiene: what a client may tell the services, and what a service may tell a client."""

import re
import secrets
from collections.abc import Iterable

from multidict import CIMultiDict

from quill_gateway.errors import BadRequest, Headers, HeadersTooLarge

MAX_HEADER_BYTES = 32_768

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Read by the gateway, or told to the services by the gateway alone.
_NEVER_FORWARDED = HOP_BY_HOP | {
    b"authorization",
    b"content-length",
    b"cookie",
    b"expect",
    b"forwarded",
    b"host",
    b"x-csrf-token",
    b"x-real-ip",
    b"x-request-id",
}
_READ = frozenset(
    {
        b"access-control-request-method",
        b"authorization",
        b"connection",
        b"content-length",
        b"cookie",
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"transfer-encoding",
        b"x-csrf-token",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
    }
)
_NEVER_ANSWERED = HOP_BY_HOP | {
    b"cache-control",
    b"content-security-policy",
    b"cross-origin-resource-policy",
    b"date",  # the gateway's own server sets it
    b"referrer-policy",
    b"server",
    b"strict-transport-security",
    b"x-content-type-options",
    b"x-request-id",
}
_FROM_CLIENT_NEVER = (b"x-quill-", b"x-forwarded-", b"proxy-")
_TO_CLIENT_NEVER = (b"x-quill-", b"access-control-")
_PENDING = b"x-quill-pending"
_REVOKED = b"x-quill-revoked-sessions"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_COOKIES = frozenset({b"access_token", b"refresh_token", b"XSRF-TOKEN"})


class Incoming:
    """The headers of a request, read once: what goes on to a service, and what the gateway itself needs."""

    __slots__ = ("_size", "forwarded", "read")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.forwarded: CIMultiDict[str] = CIMultiDict()
        self.read: dict[bytes, list[bytes]] = {}
        size = 0
        for name, value in headers:
            size += len(name) + len(value)
            if name in _READ:
                self.read.setdefault(name, []).append(value)
            if name in _NEVER_FORWARDED or name.startswith(_FROM_CLIENT_NEVER) or b"_" in name:
                continue
            self.forwarded.add(name.decode("latin-1"), value.decode("latin-1"))
        self._size = size
        self._drop_nominated()

    def check(self) -> None:
        """Raises HeadersTooLarge, or BadRequest when it is not clear where the body ends."""
        if self._size > MAX_HEADER_BYTES:
            raise HeadersTooLarge
        lengths = self.read.get(b"content-length", ())
        if len(lengths) > 1 or (lengths and b"transfer-encoding" in self.read):
            raise BadRequest
        if lengths and not (lengths[0].isdigit() and len(lengths[0]) < 19):
            raise BadRequest

    def first(self, name: bytes) -> str | None:
        values = self.read.get(name)
        return values[0].decode("latin-1") if values else None

    @property
    def content_length(self) -> int | None:
        value = self.read.get(b"content-length")
        return int(value[0]) if value else None

    @property
    def has_body(self) -> bool:
        return b"transfer-encoding" in self.read or bool(self.content_length)

    def request_id(self) -> str:
        """The client's, if it gave one proper id; else a new one."""
        given = self.read.get(b"x-request-id", ())
        if len(given) == 1 and _REQUEST_ID.fullmatch(given[0]):
            return given[0].decode("ascii")
        return secrets.token_hex(16)

    def cookies(self) -> dict[bytes, str]:
        """The cookies that Quill sets. Of two with the same name the first counts: the one of longer path."""
        found: dict[bytes, str] = {}
        for header in self.read.get(b"cookie", ()):
            for part in header.split(b";"):
                name, _, value = part.strip().partition(b"=")
                if name in _COOKIES and name not in found:
                    found[name] = value.decode("latin-1")
        return found

    def _drop_nominated(self) -> None:
        for value in self.read.get(b"connection", ()):
            for name in value.decode("latin-1").split(","):
                self.forwarded.popall(name.strip(), None)


def outgoing(headers: Iterable[tuple[bytes, bytes]]) -> tuple[Headers, list[str]]:
    """What of a service's answer a client gets, and the sessions that the service says have ended."""
    passed: Headers = []
    revoked: list[str] = []
    nominated: set[bytes] = set()
    for name, value in headers:
        name = name.lower()
        if name == _REVOKED:
            revoked += value.decode("latin-1").replace(",", " ").split()
        elif name == b"connection":
            nominated |= {part.strip() for part in value.lower().split(b",")}
        elif name == _PENDING or not (name in _NEVER_ANSWERED or name.startswith(_TO_CLIENT_NEVER)):
            passed.append((name, value))
    nominated -= {b"close", b"keep-alive"}
    return [pair for pair in passed if pair[0] not in nominated] if nominated else passed, revoked
