"""How Quill writes and reads its JWTs: EdDSA only, key id in the header, all claims required and typed."""

import re
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quill_common.identity.errors import InvalidToken

ALGORITHM = "EdDSA"
MAX_TOKEN_LENGTH = 16_384
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def encode(claims: dict[str, Any], kid: str, key: Ed25519PrivateKey) -> str:
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid, "typ": "JWT"})


def key_id(token: str) -> str:
    """The key id that an unverified token names. Raises InvalidToken."""
    if len(token) > MAX_TOKEN_LENGTH or not _SHAPE.fullmatch(token):
        raise InvalidToken
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError) as problem:
        raise InvalidToken from problem
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(kid, str) or not _KEY_ID.fullmatch(kid):
        raise InvalidToken
    # RFC 7515, 4.1.11: who does not understand all that `crit` names must refuse. We understand none.
    if "crit" in header:
        raise InvalidToken
    return kid


def decode(
    token: str,
    key: Ed25519PublicKey,
    *,
    issuer: str,
    audience: str,
    purpose: str,
    required: tuple[str, ...],
    leeway: float,
) -> dict[str, Any]:
    """The claims of a token that is good for `purpose`. Raises InvalidToken."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=issuer,
            audience=audience,
            leeway=leeway,
            options={"require": ["iss", "aud", "exp", "iat", "purpose", *required], "strict_aud": True},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as problem:
        raise InvalidToken from problem
    if claims["purpose"] != purpose:
        raise InvalidToken
    return claims
