"""Where a session is used from, as its owner recognises it: the device's own name for itself and the address."""

from dataclasses import dataclass
from typing import Final

from fastapi import Request
from quill_common.http.address import client_address

_DEVICE_LENGTH: Final = 255
_ADDRESS_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """`device` is the `User-Agent`, `address` what the gateway saw; None when nothing was said."""

    device: str | None = None
    address: str | None = None


def origin_of(request: Request) -> Origin:
    """Where `request` comes from. What a client says of itself is cut, and cannot move a cursor or turn a line."""
    return Origin(
        _plain(request.headers.get("user-agent", ""), _DEVICE_LENGTH),
        _plain(client_address(request), _ADDRESS_LENGTH),
    )


def _plain(text: str, length: int) -> str | None:
    text = text[:length]
    printable = text if text.isprintable() else "".join(character for character in text if character.isprintable())
    return printable.strip() or None
