"""The symmetric keys of one purpose: files in a directory that one service alone can read."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from quill_common.identity.errors import KeysUnavailable
from quill_common.identity.key_files import create_secret_key, load_secret_key, locked

_LOOK_AGAIN_SECONDS: Final = 1.0
_TIME: Final = "%Y%m%dT%H%M%S%fZ"


class SecretKeys:
    """All keys of a directory. The newest encrypts; every one that is still there decrypts.

    The key id is the file's name, which starts with the time of creation. Other processes that share the directory
    see a new or removed key within a second, or at once when they meet its id.
    """

    def __init__(self, directory: Path) -> None:
        """Load the keys, creating the first one if there is none. Raises KeysUnavailable."""
        self._directory = directory
        self._keys: dict[str, bytes] = {}
        self._looked_at = 0.0
        with locked(directory):
            if not any(directory.glob("*.key")):
                self._create()
        self._reload()

    def newest(self) -> tuple[str, bytes]:
        """Id and key to encrypt with. Raises KeysUnavailable when none is left."""
        self._look_again()
        if not self._keys:
            raise KeysUnavailable(f"No secret key in {self._directory}")
        kid = max(self._keys)
        return kid, self._keys[kid]

    def find(self, kid: str) -> bytes | None:
        """The key of that id, None when there is none. Raises KeysUnavailable when its file is damaged."""
        self._look_again()
        if kid not in self._keys:
            self._reload()
        return self._keys.get(kid)

    def rotate(self) -> str:
        """Create a new key that encrypts from now on; give its id. Old ones stay and decrypt."""
        with locked(self._directory):
            kid = self._create()
        self._reload()
        return kid

    def _reload(self) -> None:
        names = {path.stem: path for path in self._directory.glob("*.key")}
        self._keys = {kid: self._keys.get(kid) or load_secret_key(path) for kid, path in names.items()}
        self._looked_at = time.monotonic()

    def _look_again(self) -> None:
        if time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS:
            self._reload()

    def _create(self) -> str:
        kid = f"{self._later_than_all():{_TIME}}-{secrets.token_hex(4)}"
        create_secret_key(self._directory / f"{kid}.key")
        return kid

    def _later_than_all(self) -> datetime:
        """Now, or just after the newest key: a clock that was set back must not leave a new key behind an old one."""
        now = datetime.now(UTC)
        newest = max((path.stem.partition("-")[0] for path in self._directory.glob("*.key")), default="")
        if newest < f"{now:{_TIME}}":
            return now
        return datetime.strptime(newest, _TIME).replace(tzinfo=UTC) + timedelta(microseconds=1)
