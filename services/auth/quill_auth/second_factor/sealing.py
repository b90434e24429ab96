"""TOTP secrets as they are stored: AES-256-GCM, bound to their account, with the id of their key."""

import base64
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from quill_common.identity.secret_keys import SecretKeys
from quill_common.log import get_logger

from quill_auth.second_factor.errors import UnreadableSecret

_NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2.2: random, and far fewer than 2**32 under one key


class TotpSecrets:
    """Seals and opens secrets. A sealed one is `<key id>:<base64url of nonce and ciphertext>`."""

    def __init__(self, keys: SecretKeys) -> None:
        self.keys = keys

    def seal(self, user_id: int, secret: str) -> str:
        """Raises KeysUnavailable when there is no key."""
        kid, key = self.keys.newest()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(user_id, kid))
        return f"{kid}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, user_id: int, sealed: str) -> str:
        """Raises UnreadableSecret when the key is gone or the text was sealed for another account."""
        kid, _, content = sealed.partition(":")
        key = self.keys.find(kid)
        if key is None:
            raise _unreadable(user_id, "key missing", kid)
        try:
            data = base64.urlsafe_b64decode(content)
            return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound_to(user_id, kid)).decode()
        except (InvalidTag, ValueError) as problem:
            raise _unreadable(user_id, "not sealed for this account", kid) from problem

    def is_outdated(self, sealed: str) -> bool:
        """Whether a newer key is there than the one that sealed it."""
        return sealed.partition(":")[0] != self.keys.newest()[0]


def _bound_to(user_id: int, kid: str) -> bytes:
    return f"quill totp secret/{user_id}/{kid}".encode()


def _unreadable(user_id: int, reason: str, kid: str) -> UnreadableSecret:
    # No log of a code or a secret: the id of a key tells an operator which file to bring back.
    get_logger().error("second factor unreadable", user_id=user_id, reason=reason, kid=kid[:64])
    return UnreadableSecret()
