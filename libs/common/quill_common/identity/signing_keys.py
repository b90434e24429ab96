"""The key pairs that sign user tokens: a ring for each purpose."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quill_common.identity.jwks import Jwks, to_jwks
from quill_common.identity.key_files import locked
from quill_common.identity.key_ring import Clock, KeyRing
from quill_common.identity.purposes import PUBLISHED, PURPOSES, Purpose


class SigningKeys:
    """The rings `access`, `refresh` and `csrf` below a directory. For auth alone; it is a KeySource too."""

    def __init__(self, directory: Path, clock: Clock = time.time) -> None:
        """Load the keys, creating what is missing. Raises KeysUnavailable."""
        with locked(directory):
            shared = sorted(directory.glob("*.pem"))
            _hand_out(shared, [directory / purpose for purpose in PURPOSES])
            self.rings: Mapping[Purpose, KeyRing] = {
                purpose: KeyRing(directory / purpose, clock) for purpose in PURPOSES
            }
            if shared:
                self.rotate()
            for path in shared:
                path.unlink()

    def signing(self, purpose: Purpose) -> tuple[str, Ed25519PrivateKey]:
        """Key id and key that sign now."""
        return self.rings[purpose].signing()

    def find(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None:
        return self.rings[purpose].find(kid)

    async def look_up(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None:
        self.rings[purpose].reload()
        return self.rings[purpose].find(kid)

    def jwks(self) -> Jwks:
        """The document to publish, as the directory is now: the public halves of what others verify."""
        for purpose in PUBLISHED:
            self.rings[purpose].reload()
        return {"keys": [key for purpose in PUBLISHED for key in to_jwks(self.rings[purpose].public, purpose)["keys"]]}

    def rotate(self, *, at_once: bool = False) -> list[str]:
        """Create a new key of each purpose; the ids."""
        return [ring.rotate(at_once=at_once) for ring in self.rings.values()]


def _hand_out(shared: list[Path], directories: list[Path]) -> None:
    """Before there were purposes one key signed all: it goes on verifying in each ring until its tokens are dead."""
    for directory in directories:
        directory.mkdir(mode=0o700, exist_ok=True)
        for path in shared:
            if not (directory / path.name).exists():
                os.link(path, directory / path.name)
