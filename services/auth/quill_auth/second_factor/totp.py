"""Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 seconds, as every app knows them."""

import hmac
import re
import time
from typing import Final
from urllib.parse import quote

import pyotp

STEP_SECONDS: Final = 30
_CODE: Final = re.compile(r"[0-9]{6}")
_BLANKS: Final = re.compile(r"[\s-]+")


def now() -> float:
    """Epoch seconds."""
    return time.time()


def new_secret() -> str:
    """160 random bits (RFC 4226, section 4, R6) in base32."""
    return pyotp.random_base32()


def provision_uri(issuer: str, username: str, secret: str) -> str:
    """What the QR code holds. Not pyotp's: that leaves `/` in a name as it is."""
    issuer, username = quote(issuer, safe=""), quote(username, safe="")
    return f"otpauth://totp/{issuer}:{username}?secret={secret}&issuer={issuer}"


def without_blanks(code: str) -> str:
    """The code as it is meant: apps and paper show it in groups."""
    return _BLANKS.sub("", code)


def looks_like_code(code: str) -> bool:
    return _CODE.fullmatch(code) is not None


def step_of(secret: str, code: str, last_used: int | None) -> int | None:
    """The step that `code` is of, if that is this one or one beside it, and after the last used one; else None."""
    code = without_blanks(code)
    if not looks_like_code(code):
        return None
    current = int(now()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    # All three are compared, whichever it is: the time taken says nothing.
    matching = [step for step in range(current - 1, current + 2) if hmac.compare_digest(totp.generate_otp(step), code)]
    return next((step for step in matching if last_used is None or step > last_used), None)
