"""Sessions that have ended while their access tokens would still verify."""

import time
import uuid
from collections.abc import Iterable

# Verifiers allow for clocks that differ a little; an ended session is remembered that much longer.
_MARGIN_SECONDS = 10.0


class EndedSessions:
    """The ids of ended sessions, each until its last access token is dead. Never forgets one too early."""

    def __init__(self, access_seconds: float) -> None:
        """`access_seconds`: the longest life of an access token, for endings that do not say until when."""
        self._access_seconds = access_seconds
        self._until: dict[str, float] = {}

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._until

    def __len__(self) -> int:
        return len(self._until)

    def end_now(self, session_ids: Iterable[str]) -> None:
        until = time.time() + self._access_seconds
        for session_id in session_ids:
            self.end(session_id, until)

    def end(self, session_id: str, until: float) -> None:
        """`until`: epoch seconds when the session's last access token is dead. ValueError if no UUID."""
        canonical = str(uuid.UUID(session_id))
        self._until[canonical] = max(until + _MARGIN_SECONDS, self._until.get(canonical, 0.0))

    def forget_dead(self) -> None:
        now = time.time()
        self._until = {session_id: until for session_id, until in self._until.items() if until > now}
