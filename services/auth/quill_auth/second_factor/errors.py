"""How the second factor is refused. At sign-in: `session/errors.py`."""

from typing import ClassVar

from quill_common.http.errors import BadRequest, Unavailable


class TwoFactorRefusal(BadRequest):
    """A refusal whose `detail` is an object (contract 1.2)."""

    message: ClassVar[str]
    error_code: ClassVar[str]

    def __init__(self) -> None:
        super().__init__({"message": self.message, "error_code": self.error_code})


class TotpAlreadyEnabled(TwoFactorRefusal):
    message = "Two-factor is already enabled"
    error_code = "totp_already_enabled"


class TotpNotEnabled(TwoFactorRefusal):
    """Recovery codes are for those who have a factor to lose."""

    message = "Two-factor is not enabled"
    error_code = "totp_not_enabled"


class NoTotpSecret(TwoFactorRefusal):
    message = "No TOTP secret set"
    error_code = "no_totp_secret"


class InvalidCode(TwoFactorRefusal):
    """Wrong, of another time, or used before."""

    an_attempt = True
    message = "Invalid code"
    error_code = "invalid_totp"


class UnreadableSecret(Unavailable):
    """A stored secret cannot be opened: its key is gone, or it is not what was stored for this account."""
