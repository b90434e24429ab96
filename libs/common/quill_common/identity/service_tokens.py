"""Short-lived tokens with which one process of Quill calls another's `/internal` paths."""

import hashlib
import time
import uuid
from pathlib import Path
from typing import Final

from quill_common.identity import jwt_format
from quill_common.identity.errors import InvalidToken
from quill_common.identity.key_files import load_private_key
from quill_common.identity.key_sources import JwksFile
from quill_common.identity.verified import VerifiedTokens

LIFETIME_SECONDS: Final = 60
_RENEW_BEFORE_SECONDS: Final = 20
_PURPOSE: Final = "service"


class ServiceTokens:
    """The tokens of the process called `name`, one per service it calls, renewed in time."""

    def __init__(self, name: str, key_file: Path) -> None:
        """Raises KeysUnavailable when the key file is missing or damaged."""
        self._name = name
        self._key = load_private_key(key_file)
        self._current: dict[str, tuple[str, int]] = {}

    def token(self, audience: str) -> str:
        """A token for the service `audience`, good for at least another 20 seconds."""
        now = int(time.time())
        token, expires_at = self._current.get(audience, ("", 0))
        if expires_at - now < _RENEW_BEFORE_SECONDS:
            expires_at = now + LIFETIME_SECONDS
            token = self._sign(audience, now, expires_at)
            self._current[audience] = (token, expires_at)
        return token

    def headers(self, audience: str) -> dict[str, str]:
        """The header that carries such a token."""
        return {"Authorization": f"Bearer {self.token(audience)}"}

    def secret(self, purpose: str) -> bytes:
        """A secret for `purpose` (16 characters at most) that all processes with this key have and nobody else."""
        return hashlib.blake2b(self._key.private_bytes_raw(), person=purpose.encode()).digest()

    def _sign(self, audience: str, now: int, expires_at: int) -> str:
        claims = {
            "iss": self._name,
            "aud": audience,
            "jti": str(uuid.uuid4()),
            "purpose": _PURPOSE,
            "iat": now,
            "exp": expires_at,
        }
        return jwt_format.encode(claims, self._name, self._key)


class ServiceTokenVerifier:
    """Tells which process calls. A key is good only for tokens in its own name."""

    def __init__(self, own_name: str, jwks_file: Path, *, leeway: float = 2.0) -> None:
        self._own_name = own_name
        self._keys = JwksFile(jwks_file)
        self._leeway = leeway
        self._verified: VerifiedTokens[str] = VerifiedTokens(256)

    def verify(self, token: str) -> str:
        """The caller's name. Raises InvalidToken, or KeysUnavailable when the public keys cannot be read."""
        known = self._remembered(token)
        if known is not None:
            return known
        caller = jwt_format.key_id(token)
        key = self._keys.find(caller)
        if key is None:
            raise InvalidToken
        claims = jwt_format.decode(
            token,
            key,
            issuer=caller,
            audience=self._own_name,
            purpose=_PURPOSE,
            required=("jti",),
            leeway=self._leeway,
        )
        self._verified.put(token, caller, caller, key, int(claims["exp"]))
        return caller

    def _remembered(self, token: str) -> str | None:
        kid = self._verified.key_id(token)
        return None if kid is None else self._verified.get(token, self._keys.find(kid), time.time())
