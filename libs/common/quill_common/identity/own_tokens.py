"""Tokens that the service which signs them verifies itself: nobody else gets their keys, not even the public halves."""

import asyncio
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from quill_common.identity import jwt_format
from quill_common.identity.errors import InvalidToken
from quill_common.identity.key_ring import KeyRing


class OwnTokens:
    """The tokens of one purpose. Whoever holds one is believed for what it says: it names nobody as signed in."""

    def __init__(self, directory: Path, *, service: str, purpose: str, leeway: float = 2.0) -> None:
        """Load the keys of `directory`, creating the first one if there is none. Raises KeysUnavailable."""
        self._keys = KeyRing(directory)
        self._issuer = f"quill-{service}"
        self._purpose = purpose
        self._leeway = leeway

    def sign(self, token_id: str, expires_at: datetime, **claims: Any) -> str:
        """A token with the `jti` `token_id` that is good until `expires_at`."""
        standard = {
            "iss": self._issuer,
            "aud": self._issuer,
            "jti": token_id,
            "purpose": self._purpose,
            "iat": int(time.time()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt_format.encode({**claims, **standard}, *self._keys.signing())

    def verify(self, token: str, required: tuple[str, ...]) -> dict[str, Any]:
        """The claims of a good token, `jti` and those `required` among them. Raises InvalidToken."""
        key = self._keys.find(jwt_format.key_id(token))
        if key is None:
            raise InvalidToken
        return jwt_format.decode(
            token,
            key,
            issuer=self._issuer,
            audience=self._issuer,
            purpose=self._purpose,
            required=("jti", *required),
            leeway=self._leeway,
        )

    async def tend(self, rotate_after: float, lifetime: float) -> list[str]:
        """Make a successor of a key that is older than `rotate_after` and remove keys whose tokens, which live for
        `lifetime`, are all dead; both in seconds. The ids of new keys.
        """
        # In a thread: another process may hold the lock, and files are synced.
        return await asyncio.to_thread(self._keys.tend, rotate_after, lifetime)
