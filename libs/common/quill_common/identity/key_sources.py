"""Where verifiers find public keys: another process's JWKS over HTTP, or a file."""

import asyncio
import time
from pathlib import Path
from typing import Protocol

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from quill_common.identity.errors import KeysUnavailable
from quill_common.identity.jwks import PublicKeys, keep_known, parse_by_purpose, parse_jwks
from quill_common.identity.purposes import PUBLISHED, Purpose


class KeySource(Protocol):
    """Public keys by purpose and key id. `find` costs nothing and knows what was loaded; `look_up` may fetch."""

    def find(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None: ...

    async def look_up(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None:
        """The key, fetched anew if unknown; None if there is no such key. Raises KeysUnavailable."""
        ...


class RemoteJwks:
    """The JWKS at `url`, kept in memory; fetched at an unknown key id and, in the background, when it is old.

    At most one fetch per `min_interval` seconds, and one at a time; who comes meanwhile waits for that one.
    When the peer is away, the keys already known go on verifying. It never learns keys of refresh tokens.
    """

    def __init__(self, url: str, *, timeout: float = 3.0, min_interval: float = 1.0, max_age: float = 10.0) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._min_interval = min_interval
        self._max_age = max_age
        self._keys: dict[Purpose, PublicKeys] = {}
        self._asked_at = float("-inf")
        self._sent = False
        self._fetching: asyncio.Task[None] | None = None

    def find(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None:
        if self._keys and time.monotonic() - self._asked_at > self._max_age:
            self._refresh()
        keys = self._keys.get(purpose)
        return None if keys is None else keys.get(kid)

    async def look_up(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None:
        if purpose not in PUBLISHED:
            return None
        found = self.find(purpose, kid)
        # What was sent before the key existed may come back without it: then it is asked for once more.
        for _ in range(2 if self._sent else 1):
            if found is None:
                await self.refresh()
                found = self._keys[purpose].get(kid)
        return found

    async def refresh(self) -> None:
        """Fetch now (or join the fetch under way). Raises KeysUnavailable."""
        # shield: a caller that goes away must not cancel the fetch that others wait for.
        await asyncio.shield(self._refresh())

    async def aclose(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _refresh(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(_retrieve)
        return self._fetching

    async def _fetch(self) -> None:
        await asyncio.sleep(max(0.0, self._asked_at + self._min_interval - time.monotonic()))
        self._asked_at = time.monotonic()
        self._sent = True
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.get(self._url) as answer,
            ):
                answer.raise_for_status()
                loaded = parse_by_purpose(await answer.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            raise KeysUnavailable("The signing keys could not be fetched") from problem
        finally:
            self._sent = False
        self._keys = {purpose: keep_known(self._keys.get(purpose, {}), keys) for purpose, keys in loaded.items()}


class JwksFile:
    """The JWKS in a file, read again when the file changed (looked at no more than once a second)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: PublicKeys = {}
        self._version: tuple[int, int] | None = None
        self._looked_at = float("-inf")

    def find(self, kid: str) -> Ed25519PublicKey | None:
        """Raises KeysUnavailable when the file cannot be read."""
        if time.monotonic() - self._looked_at > 1.0:
            self.reload()
        return self._keys.get(kid)

    def reload(self) -> None:
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_ino)
            if version != self._version:
                self._keys = keep_known(self._keys, parse_jwks(self._path.read_bytes()))
        except (OSError, ValueError) as problem:
            raise KeysUnavailable(f"No public keys in {self._path}") from problem
        self._version = version
        self._looked_at = time.monotonic()


def _retrieve(task: asyncio.Task[None]) -> None:
    """A background refresh that failed leaves the known keys; the next unknown key tries again and tells."""
    if not task.cancelled():
        task.exception()
