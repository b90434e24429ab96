"""How a new password is refused."""

from quill_common.http.errors import BadRequest

from quill_auth.session.errors import FailedSignIn


class WrongCurrentPassword(FailedSignIn):
    """Also when none was given, or somebody changed it meanwhile."""

    an_attempt = True
    detail = "Current password is incorrect"


class NewPasswordTooShort(BadRequest):
    """Where people set their own."""

    def __init__(self, minimum: int) -> None:
        super().__init__(f"New password must be at least {minimum} characters")


class BadResetLink(BadRequest):
    """Unknown, used, too old, overtaken by another password or address, or of an account that is switched off."""

    an_attempt = True
    detail = "Invalid or expired reset link"
