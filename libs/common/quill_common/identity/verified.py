"""Remembering verified tokens, so that the second request of a session costs microseconds."""

from typing import Generic, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Claims = TypeVar("Claims")


class _Entry(NamedTuple, Generic[Claims]):
    claims: Claims
    kid: str
    key: Ed25519PublicKey
    expires_at: int


class VerifiedTokens(Generic[Claims]):
    """At most `limit` verified tokens, the oldest making room. Who asks says the time and which key lives."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: dict[str, _Entry[Claims]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def key_id(self, token: str) -> str | None:
        entry = self._entries.get(token)
        return entry.kid if entry is not None else None

    def get(self, token: str, key: Ed25519PublicKey | None, now: float) -> Claims | None:
        """The claims, if the token has not expired and `key`, now live, is the one that verified it."""
        entry = self._entries.get(token)
        if entry is None:
            return None
        if entry.expires_at <= now or entry.key is not key:
            del self._entries[token]
            return None
        return entry.claims

    def put(self, token: str, claims: Claims, kid: str, key: Ed25519PublicKey, expires_at: int) -> None:
        if len(self._entries) >= self._limit:
            del self._entries[next(iter(self._entries))]
        self._entries[token] = _Entry(claims, kid, key, expires_at)
