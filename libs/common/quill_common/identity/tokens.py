"""User tokens: what auth signs and everyone else verifies."""

import re
import sys
import time
import uuid
from collections.abc import Iterable
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quill_common.identity import jwt_format
from quill_common.identity.claims import AccessClaims, CsrfClaims, RefreshClaims
from quill_common.identity.errors import InvalidToken
from quill_common.identity.key_sources import KeySource
from quill_common.identity.purposes import Purpose
from quill_common.identity.verified import VerifiedTokens

ISSUER = "quill-auth"
AUDIENCE = "quill"
SETS_UP_SECOND_FACTOR = "second-factor-setup"
"""The `scope` of an access token that is good for nothing else; a token without scope is good for everything."""
_REQUIRED = ("sub", "sid", "jti")
_USER_ID = re.compile(r"[1-9][0-9]{0,18}")


_Verified = tuple[str, Ed25519PublicKey, dict[str, Any]]


class Signing(Protocol):
    """Gives the key that signs now, with its id (see `SigningKeys`)."""

    def signing(self, purpose: Purpose) -> tuple[str, Ed25519PrivateKey]: ...


class TokenSigner:
    """Makes the three tokens of a session. Lifetimes are seconds. Used by auth only."""

    def __init__(self, keys: Signing) -> None:
        self._keys = keys

    def access(
        self,
        user_id: int,
        session_id: str,
        *,
        roles: Iterable[str],
        competencies: Iterable[str],
        lifetime: int,
        only_sets_up_second_factor: bool = False,
    ) -> str:
        rights: dict[str, Any] = {"roles": list(roles), "competencies": list(competencies)}
        if only_sets_up_second_factor:
            rights["scope"] = SETS_UP_SECOND_FACTOR
        return self._sign("access", user_id, session_id, lifetime, **rights)

    def refresh(self, user_id: int, session_id: str, *, lifetime: int, token_id: str | None = None) -> str:
        """`token_id` becomes the `jti`; made up when not given."""
        extra = {"type": "refresh", "jti": token_id or str(uuid.uuid4())}
        return self._sign("refresh", user_id, session_id, lifetime, **extra)

    def csrf(self, user_id: int, session_id: str, *, lifetime: int) -> str:
        """Contains only letters, digits, `-`, `_` and `.`, as the contract asks of the cookie's value."""
        return self._sign("csrf", user_id, session_id, lifetime)

    def _sign(self, purpose: Purpose, user_id: int, session_id: str, lifetime: int, **extra: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": session_id,
            "jti": str(uuid.uuid4()),
            "purpose": purpose,
            "iat": now,
            "exp": now + lifetime,
            **extra,
        }
        return jwt_format.encode(claims, *self._keys.signing(purpose))


class TokenVerifier:
    """Tells who a token stands for. Raises InvalidToken, or KeysUnavailable when it cannot be decided.

    Access and CSRF tokens are remembered until they expire or their key goes.
    """

    def __init__(self, keys: KeySource, *, leeway: float = 2.0, remember: int = 8192) -> None:
        self._keys = keys
        self._leeway = leeway
        self._access: VerifiedTokens[AccessClaims] = VerifiedTokens(remember)
        self._csrf: VerifiedTokens[CsrfClaims] = VerifiedTokens(remember)

    def remembered(self, token: str) -> AccessClaims | None:
        """The claims of an access token that was verified before and is still good; costs microseconds."""
        kid = self._access.key_id(token)
        return None if kid is None else self._access.get(token, self._keys.find("access", kid), time.time())

    async def access(self, token: str) -> AccessClaims:
        known = self.remembered(token)
        if known is not None:
            return known
        kid, key, claims = await self._verify(token, "access", ("roles", "competencies"))
        access = AccessClaims(
            user_id=_user_id(claims),
            session_id=_session_id(claims),
            roles=_names(claims["roles"]),
            competencies=_names(claims["competencies"]),
            expires_at=int(claims["exp"]),
            only_sets_up_second_factor=_is_limited(claims),
        )
        self._access.put(token, access, kid, key, access.expires_at)
        return access

    async def refresh(self, token: str) -> RefreshClaims:
        _, _, claims = await self._verify(token, "refresh", ("type",))
        if claims["type"] != "refresh":
            raise InvalidToken
        return RefreshClaims(
            user_id=_user_id(claims),
            session_id=_session_id(claims),
            token_id=str(claims["jti"]),
            issued_at=int(claims["iat"]),
            expires_at=int(claims["exp"]),
        )

    async def csrf(self, token: str) -> CsrfClaims:
        kid = self._csrf.key_id(token)
        if kid is not None:
            known = self._csrf.get(token, self._keys.find("csrf", kid), time.time())
            if known is not None:
                return known
        kid, key, claims = await self._verify(token, "csrf", ())
        csrf = CsrfClaims(_user_id(claims), _session_id(claims), int(claims["exp"]))
        self._csrf.put(token, csrf, kid, key, csrf.expires_at)
        return csrf

    async def _verify(self, token: str, purpose: Purpose, required: tuple[str, ...]) -> _Verified:
        kid = jwt_format.key_id(token)
        key = self._keys.find(purpose, kid) or await self._keys.look_up(purpose, kid)
        if key is None:
            raise InvalidToken
        claims = jwt_format.decode(
            token,
            key,
            issuer=ISSUER,
            audience=AUDIENCE,
            purpose=purpose,
            required=(*_REQUIRED, *required),
            leeway=self._leeway,
        )
        return kid, key, claims


def _user_id(claims: dict[str, Any]) -> int:
    if not _USER_ID.fullmatch(claims["sub"]):
        raise InvalidToken
    return int(claims["sub"])


def _session_id(claims: dict[str, Any]) -> str:
    try:
        return str(uuid.UUID(claims["sid"]))
    except (ValueError, AttributeError, TypeError) as problem:
        raise InvalidToken from problem


def _is_limited(claims: dict[str, Any]) -> bool:
    """Whether the token is for setting up a second factor. A scope that is not known here might forbid anything."""
    if "scope" not in claims:
        return False
    if claims["scope"] != SETS_UP_SECOND_FACTOR:
        raise InvalidToken
    return True


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidToken
    # The same few dozen names stand in every token: interned, thousands of remembered ones share them.
    return tuple(sys.intern(name) for name in value)
