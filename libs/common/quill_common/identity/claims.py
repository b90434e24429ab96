"""What a verified token says, typed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The caller of a request. `session_id` is a UUID string, `expires_at` epoch seconds."""

    user_id: int
    session_id: str
    roles: tuple[str, ...]
    competencies: tuple[str, ...]
    expires_at: int


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
