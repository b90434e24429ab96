"""How sign-in and renewal are refused."""

from quill_common.http.errors import BadRequest, Unauthenticated

from quill_auth.second_factor.errors import TwoFactorRefusal


class RefusedSignIn(BadRequest):
    """No session. `reason`, and `user_id` when the name is known, are for the record and never answered."""

    reason: str
    user_id: int | None = None


class FailedSignIn(RefusedSignIn):
    """Something given at sign-in was wrong. Counts against the account name; every such refusal is a subclass."""


class InvalidCredentials(FailedSignIn):
    """Unknown name, wrong or empty password, inactive account: nobody learns which."""

    detail = "Invalid credentials"

    def __init__(self, reason: str, user_id: int | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.user_id = user_id


class TwoFactorRequired(TwoFactorRefusal, RefusedSignIn):
    """The password was right and a code is wanted: no failure, every sign-in with a second factor may start so."""

    reason = "second factor missing"
    message = "Two-factor required"
    error_code = "two_factor_required"


class InvalidSecondFactor(TwoFactorRefusal, FailedSignIn):
    """Wrong, of another time, or used before."""

    reason = "second factor"
    message = "Invalid two-factor code"
    error_code = "invalid_totp"


class NoRefreshToken(Unauthenticated):
    detail = "No refresh token"


class BadRefreshToken(Unauthenticated):
    """`revoked` names the sessions that ended because the token was used before."""

    detail = "Bad refresh token"

    def __init__(self, revoked: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.revoked = revoked


class InactiveUser(Unauthenticated):
    detail = "Inactive user"
