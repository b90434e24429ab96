"""JSON Web Key Sets of Ed25519 keys (RFC 7517, RFC 8037)."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from quill_common.identity.purposes import PUBLISHED, Purpose

PublicKeys = dict[str, Ed25519PublicKey]
Jwks = dict[str, list[dict[str, str]]]

PURPOSE_MEMBER = "quill_purpose"
"""Says in a published key which tokens it is for; RFC 7517 (section 4) leaves such members to us."""


def to_jwks(keys: Mapping[str, Ed25519PublicKey], purpose: Purpose | None = None) -> Jwks:
    """The document that publishes `keys` (key id -> public key), for tokens of `purpose` if given."""
    more = {} if purpose is None else {PURPOSE_MEMBER: purpose}
    return {"keys": [_to_jwk(kid, key) | more for kid, key in keys.items()]}


def parse_jwks(document: bytes | str) -> PublicKeys:
    """The Ed25519 signature keys of a document; others are passed over. ValueError if it is no JWKS."""
    return {entry["kid"]: _public_key(entry) for entry in _usable(document)}


def parse_by_purpose(document: bytes | str) -> dict[Purpose, PublicKeys]:
    """The same of the document that auth publishes. A key that does not say its purpose is for none."""
    entries = _usable(document)
    return {
        purpose: {entry["kid"]: _public_key(entry) for entry in entries if entry.get(PURPOSE_MEMBER) == purpose}
        for purpose in PUBLISHED
    }


def keep_known(known: PublicKeys, loaded: PublicKeys) -> PublicKeys:
    """`loaded`, with the very objects of `known` for unchanged keys, so that they stay recognisable."""
    return {kid: known[kid] if known.get(kid) == key else key for kid, key in loaded.items()}


def _to_jwk(kid: str, key: Ed25519PublicKey) -> dict[str, str]:
    point = base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": point}


def _usable(document: bytes | str) -> list[dict[str, str]]:
    content = json.loads(document)
    entries = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a JSON Web Key Set")
    return [entry for entry in entries if _is_usable(entry)]


def _is_usable(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("kty") == "OKP"
        and entry.get("crv") == "Ed25519"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "EdDSA") == "EdDSA"
        and isinstance(entry.get("kid"), str)
        and isinstance(entry.get("x"), str)
    )


def _public_key(entry: dict[str, str]) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(entry["x"] + "=="))
