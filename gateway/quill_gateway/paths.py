"""Reading a request's path so that the gateway and the service behind it cannot understand it differently."""

import re
from urllib.parse import unquote_to_bytes

MAX_TARGET = 8192

# The characters of RFC 3986 paths but `;`: it starts path parameters, which some servers cut off.
_RAW = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")


def segments(raw_path: bytes) -> list[str] | None:
    """The decoded segments of a path, or None if it is ambiguous.

    Dots, empty segments, hidden slashes, control characters and what is no UTF-8 are.
    """
    if not _RAW.fullmatch(raw_path):
        return None
    raw = raw_path[1:].decode("ascii").split("/")
    try:
        decoded = raw if b"%" not in raw_path else [unquote_to_bytes(part).decode() for part in raw]
    except UnicodeDecodeError:
        return None
    if any(not part or part in {".", ".."} or _UNSAFE.search(part) for part in decoded):
        return None
    return decoded
