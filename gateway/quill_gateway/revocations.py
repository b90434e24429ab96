"""Following auth's list of ended sessions, so that an end reaches this gateway within a second."""

import asyncio
from collections.abc import Callable
from typing import Any

from quill_common.log import get_logger

from quill_gateway.peers import Peers, PeerSilent, PeerUnreachable
from quill_gateway.sessions import EndedSessions

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
_PATH = "/internal/revocations"


class UnusableAnswer(Exception):
    """Auth answered something that is no list of ended sessions."""


class RevocationFollower:
    """One long poll after the other. `loaded` once everything that still matters was heard."""

    def __init__(self, peers: Peers, ended: EndedSessions, service_token: Callable[[], str], wait_seconds: int) -> None:
        self._peers = peers
        self._ended = ended
        self._service_token = service_token
        self._wait_seconds = wait_seconds
        self._cursor: str | None = None
        self._pause = _FIRST_PAUSE
        self.loaded = False

    async def run(self) -> None:
        """Until cancelled. Should it ever end otherwise, nobody is let in any more."""
        try:
            while True:
                await self._follow()
        finally:
            self.loaded = False

    async def _follow(self) -> None:
        try:
            heard = await self._poll()
        except (PeerUnreachable, PeerSilent, UnusableAnswer) as problem:
            await self._back_off(problem)
            return
        self._pause = _FIRST_PAUSE
        self._ended.forget_dead()
        if not heard:
            await asyncio.sleep(_FIRST_PAUSE)  # an auth that answers at once must not make us spin

    async def _poll(self) -> bool:
        first = self._cursor is None
        wait = 0 if first else self._wait_seconds
        query = {"wait": str(wait)} | ({} if self._cursor is None else {"after": self._cursor})
        status, content = await self._peers.get(
            "auth", _PATH, seconds=wait + 5, token=self._service_token(), query=query
        )
        if status in {400, 404, 410, 422}:
            self._cursor = None  # auth does not know our place any more: begin anew
        if status != 200:
            raise UnusableAnswer(f"status {status}")
        heard = self._apply(content)
        self.loaded = True
        return heard

    def _apply(self, content: Any) -> bool:
        try:
            cursor, sessions = content["cursor"], content["sessions"]
            for session in sessions:
                self._ended.end(session["sid"], float(session["until"]))
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise UnusableAnswer("not a list of ended sessions") from problem
        if not isinstance(cursor, str):
            raise UnusableAnswer("no cursor")
        self._cursor = cursor
        return bool(sessions)

    async def _back_off(self, problem: Exception) -> None:
        if self._pause == _FIRST_PAUSE:
            get_logger().warning("revocations_not_followed", problem=f"{type(problem).__name__} {problem}")
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
