"""The key pairs that sign the tokens of one purpose: files in a directory that auth alone can read."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quill_common.identity.errors import KeysUnavailable
from quill_common.identity.jwks import PublicKeys, keep_known
from quill_common.identity.key_files import create_private_key, load_private_key, locked
from quill_common.identity.key_names import new_name, signs_from

PUBLISHED_AHEAD_SECONDS: Final = 300.0
"""How long a new key is published before it signs: much longer than any verifier keeps what it fetched."""
KEPT_LONGER_SECONDS: Final = 60.0
"""How long a key outlives its last token: clocks differ, and processes look at the directory once a second."""
_LOOK_AGAIN_SECONDS: Final = 1.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as operators see it; `signs_from` in epoch seconds."""

    kid: str
    signs_from: float
    state: Literal["next", "signing", "verifying"]


class KeyRing:
    """All keys of a directory. The newest whose time has come signs; every one that is still there verifies.

    Other processes that share the directory see a new or removed key within a second.
    """

    def __init__(self, directory: Path, clock: Clock = time.time) -> None:
        """Load the keys, creating the first one if there is none. Raises KeysUnavailable."""
        self._directory = directory
        self._clock = clock
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._starts: list[tuple[float, str]] = []
        self.public: PublicKeys = {}
        self._looked_at = 0.0
        with locked(directory):
            if not any(directory.glob("*.pem")):
                self._create(clock())
        self.reload()

    def signing(self) -> tuple[str, Ed25519PrivateKey]:
        """Key id and key that sign now."""
        self._look_again()
        kid = self._signing_at(self._clock())
        return kid, self._private[kid]

    def find(self, kid: str) -> Ed25519PublicKey | None:
        self._look_again()
        return self.public.get(kid)

    def states(self) -> list[KeyState]:
        """Every key, the oldest first."""
        self.reload()
        signing = self._signing_at(self._clock())
        began = signs_from(signing)
        return [
            KeyState(kid, start, "signing" if kid == signing else "next" if start > began else "verifying")
            for start, kid in self._starts
        ]

    def rotate(self, *, at_once: bool = False) -> str:
        """Create a new key that signs once it has been published for long enough, or at once; give its id."""
        with locked(self._directory):
            kid = self._create(self._clock() + (0 if at_once else PUBLISHED_AHEAD_SECONDS))
        self.reload()
        return kid

    def replace_all(self) -> str:
        """Create a key that signs at once and remove all others: every token they signed is refused from now on."""
        with locked(self._directory):
            kid = self._create(self._clock())
            for path in self._directory.glob("*.pem"):
                if path.stem != kid:
                    path.unlink()
        self.reload()
        return kid

    def tend(self, rotate_after: float, lifetime: float) -> list[str]:
        """Rotate when the newest key is older than `rotate_after` seconds; remove keys whose tokens are all dead.

        `lifetime` is that of a token, seconds. Of processes that do this at once, one rotates. The ids of new keys.
        """
        created = []
        with locked(self._directory):
            self.reload()
            now = self._clock()
            if self._starts[-1][0] + rotate_after <= now:
                created.append(self._create(now + PUBLISHED_AHEAD_SECONDS))
            for kid in self._dead(now, lifetime):
                (self._directory / f"{kid}.pem").unlink(missing_ok=True)
        self.reload()
        return created

    def reload(self) -> None:
        """Read the directory again. Raises KeysUnavailable naming a file that is no key."""
        private = {path.stem: self._load(path) for path in self._directory.glob("*.pem")}
        found = {kid: key for kid, key in private.items() if key is not None}
        if not found:
            raise KeysUnavailable(f"No signing key in {self._directory}")
        self._private = found
        self.public = keep_known(self.public, {kid: key.public_key() for kid, key in found.items()})
        self._starts = sorted((signs_from(kid), kid) for kid in found)
        self._looked_at = time.monotonic()

    def _load(self, path: Path) -> Ed25519PrivateKey | None:
        """None for a file that another process removed meanwhile."""
        try:
            signs_from(path.stem)
            return self._private.get(path.stem) or load_private_key(path)
        except ValueError as problem:
            raise KeysUnavailable(f"{path} is not named like a key") from problem
        except KeysUnavailable:
            if path.exists():
                raise
            return None

    def _signing_at(self, now: float) -> str:
        begun = [kid for start, kid in self._starts if start <= now]
        return begun[-1] if begun else self._starts[0][1]

    def _dead(self, now: float, lifetime: float) -> list[str]:
        """A key signs until its successor does; its last token lives for `lifetime` from then."""
        ends = (start + lifetime + KEPT_LONGER_SECONDS for start, _ in self._starts[1:])
        return [kid for (_, kid), end in zip(self._starts, ends, strict=False) if end < now]

    def _look_again(self) -> None:
        if time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS:
            self.reload()

    def _create(self, start: float) -> str:
        kid = new_name(start)
        create_private_key(self._directory / f"{kid}.pem")
        return kid
