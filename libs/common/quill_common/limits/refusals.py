"""Counters that are known to be full: who goes on trying costs no store anything."""

import time
from typing import Final

REMEMBERED: Final = 10_000


class Refusals:
    """Keys and when their windows end. A full counter stays full until then, so this never refuses too much."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._ends: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, key: str, seconds: float) -> None:
        """Remember that `key` is full for `seconds`; the oldest make room."""
        while len(self._ends) >= self._limit:
            del self._ends[next(iter(self._ends))]
        self._ends[key] = time.monotonic() + seconds

    def seconds_left(self, key: str) -> float:
        """How long `key` stays full, 0 when that is not known."""
        ends = self._ends.get(key)
        if ends is None:
            return 0.0
        left = ends - time.monotonic()
        if left <= 0:
            del self._ends[key]
        return max(left, 0.0)
