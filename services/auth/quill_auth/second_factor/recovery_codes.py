"""Recovery codes: for who lost the telephone. Ten at a time, each good once, shown once."""

import hashlib
import secrets
from typing import Final

from quill_auth.second_factor.totp import without_blanks

COUNT: Final = 10
# Crockford's base32: no letter that is taken for a digit, and none that is lost in lower case.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_MEANT: Final = str.maketrans({"o": "0", "i": "1", "l": "1"})
_GROUPS: Final = 5
_GROUP: Final = 5


def new_codes() -> list[str]:
    """Each of 125 random bits: `7k3mq-x9dwr-0f6tb-hz2vc-e85np`."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(COUNT)]


def code_hash(user_id: int, code: str) -> bytes | None:
    """What is stored of a code, however it was typed; None for what cannot be one.

    A plain hash: nobody finds 125 random bits by trying (ASVS 5, V6.5.2 asks for a slow and salted one below 112).
    """
    code = without_blanks(code).lower().translate(_MEANT)
    if len(code) != _GROUPS * _GROUP or not set(code) <= set(_ALPHABET):
        return None
    return hashlib.sha256(f"quill recovery code/{user_id}/{code}".encode()).digest()


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))
