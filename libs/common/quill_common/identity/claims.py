"""What a verified token says, typed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The caller of a request. `session_id` is a UUID string, `expires_at` epoch seconds.

    `only_sets_up_second_factor`: the account must have a second factor and has none; the token is good for getting one.
    """

    user_id: int
    session_id: str
    roles: tuple[str, ...]
    competencies: tuple[str, ...]
    expires_at: int
    only_sets_up_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """A refresh token; `token_id` (its `jti`) is what rotation and reuse detection go by."""

    user_id: int
    session_id: str
    token_id: str
    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class CsrfClaims:
    user_id: int
    session_id: str
    expires_at: int
