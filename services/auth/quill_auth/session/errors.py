"""How sign-in and renewal are refused."""

from quill_common.http.errors import BadRequest, Unauthenticated


class InvalidCredentials(BadRequest):
    """Unknown name, wrong or empty password, inactive account: nobody learns which."""

    detail = "Invalid credentials"


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
