"""The key pairs that sign user tokens: files in a directory that auth alone can read."""

import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quill_common.identity.errors import KeysUnavailable
from quill_common.identity.jwks import PublicKeys, keep_known, to_jwks
from quill_common.identity.key_files import create_private_key, load_private_key, locked

_LOOK_AGAIN_SECONDS = 1.0


class SigningKeys:
    """All signing keys of a directory. The newest signs; every one that is still there verifies.

    The key id is the file's name, which starts with the time of creation. Other processes that share the
    directory see a new or removed key within a second.
    """

    def __init__(self, directory: Path) -> None:
        """Load the keys, creating the first one if there is none. Raises KeysUnavailable."""
        self._directory = directory
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._public: PublicKeys = {}
        self._looked_at = 0.0
        with locked(directory):
            if not any(directory.glob("*.pem")):
                self._create()
        self.reload()

    def newest(self) -> tuple[str, Ed25519PrivateKey]:
        """Key id and key that sign now."""
        self._look_again()
        kid = max(self._private)
        return kid, self._private[kid]

    def find(self, kid: str) -> Ed25519PublicKey | None:
        self._look_again()
        return self._public.get(kid)

    async def look_up(self, kid: str) -> Ed25519PublicKey | None:
        self.reload()
        return self._public.get(kid)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The document to publish: the public halves of all keys."""
        self._look_again()
        return to_jwks(self._public)

    def rotate(self) -> str:
        """Create a new key that signs from now on; give its id. Old ones verify until `remove`."""
        with locked(self._directory):
            kid = self._create()
        self.reload()
        return kid

    def remove(self, kid: str) -> None:
        """Forget a key: every token it signed is refused from now on. The newest one cannot be removed."""
        if kid == self.newest()[0]:
            raise ValueError("The newest key signs and cannot be removed; rotate first")
        (self._directory / f"{kid}.pem").unlink(missing_ok=True)
        self.reload()

    def reload(self) -> None:
        names = {path.stem: path for path in self._directory.glob("*.pem")}
        private = {kid: self._private.get(kid) or load_private_key(path) for kid, path in names.items()}
        if not private:
            raise KeysUnavailable(f"No signing key in {self._directory}")
        public = {kid: key.public_key() for kid, key in private.items()}
        self._private, self._public = private, keep_known(self._public, public)
        self._looked_at = time.monotonic()

    def _look_again(self) -> None:
        if time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS:
            self.reload()

    def _create(self) -> str:
        kid = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
        create_private_key(self._directory / f"{kid}.pem")
        return kid
