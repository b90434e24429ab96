"""Key ids say from when a key signs: nothing else has to be kept, and a restored backup changes nothing."""

import re
import secrets
from datetime import UTC, datetime

_FORM = "%Y%m%dT%H%M%S%fZ"
_NAME = re.compile(r"([0-9]{8}T[0-9]{12}Z)-[0-9a-f]{8}")


def new_name(signs_from: float) -> str:
    """A new key id for a key that signs from then on (epoch seconds)."""
    return f"{datetime.fromtimestamp(signs_from, UTC):{_FORM}}-{secrets.token_hex(4)}"


def signs_from(kid: str) -> float:
    """Epoch seconds. ValueError when `kid` is no key id of Quill's."""
    match = _NAME.fullmatch(kid)
    if match is None:
        raise ValueError(f"{kid!r} is no key id")
    return datetime.strptime(match[1], _FORM).replace(tzinfo=UTC).timestamp()
