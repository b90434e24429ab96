"""What the gateway holds open and keeps running from its start to its end."""

import asyncio
from pathlib import Path

from quill_common.identity import KeysUnavailable, RemoteJwks, ServiceTokens
from quill_common.log import get_logger

from quill_gateway.forwarding import Forwarder
from quill_gateway.peers import Peers
from quill_gateway.revocations import RevocationFollower

# A revoked key must not be believed for longer; `RemoteJwks` alone would wait for the next request.
KEYS_SECONDS = 5.0


class AuthToken:
    """The gateway's own token for calls to auth; its key is read at the start."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._tokens: ServiceTokens | None = None

    def load(self) -> None:
        """Raises KeysUnavailable."""
        self._tokens = ServiceTokens("gateway", self._key_file)

    def __call__(self) -> str:
        if self._tokens is None:
            raise KeysUnavailable("The gateway's own key is not loaded")
        return self._tokens.token("auth")


class Running:
    def __init__(
        self,
        *,
        keys: RemoteJwks,
        auth_token: AuthToken,
        peers: Peers,
        forwarder: Forwarder,
        follower: RevocationFollower,
    ) -> None:
        self._keys = keys
        self._auth_token = auth_token
        self._peers = peers
        self._forwarder = forwarder
        self._follower = follower
        self._tasks: list[asyncio.Task[None]] = []
        self.keys_loaded = False

    async def start(self) -> None:
        """Raises KeysUnavailable when the gateway's own key is missing."""
        self._auth_token.load()
        self._peers.open()
        self._forwarder.open()
        self._tasks = [asyncio.create_task(self._follower.run()), asyncio.create_task(self._follow_keys())]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._keys.aclose()
        await self._forwarder.close()
        await self._peers.close()

    @property
    def followed(self) -> bool:
        """The list of ended sessions was loaded, and the task that follows it runs."""
        return self._follower.loaded and bool(self._tasks) and not self._tasks[0].done()

    async def _follow_keys(self) -> None:
        while True:
            try:
                await self._keys.refresh()
                self.keys_loaded = True
            except KeysUnavailable:
                pass  # known keys go on verifying
            await asyncio.sleep(KEYS_SECONDS if self.keys_loaded else 0.2)


def _report(task: asyncio.Task[None]) -> None:
    problem = None if task.cancelled() else task.exception()
    if problem is not None:
        get_logger().error("background_task_ended", exc_info=problem)
