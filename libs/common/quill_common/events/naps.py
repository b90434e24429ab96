"""Notice that this process did not run for a while: stopped, frozen with its machine, or starved.

It cannot know what it missed meanwhile. Those who waited for it have given up, and have named it as pending.
"""

import asyncio
import math
import time
from collections.abc import Callable


def _seconds() -> float:
    """Of a clock that goes on while the machine is suspended, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Naps:
    """Counts the times that the process did not run for longer than `longest` seconds."""

    def __init__(self, longest: float = math.inf, clock: Callable[[], float] = _seconds) -> None:
        self._longest = longest
        self._clock = clock
        self._awake_at = clock()
        self._taken = 0
        self.noticed = asyncio.Event()

    def taken(self) -> int:
        """How many up to this moment; whoever asks first after a nap hears of it."""
        now = self._clock()
        if now - self._awake_at > self._longest:
            self._taken += 1
            self.noticed.set()
        self._awake_at = now
        return self._taken

    async def watch(self, look: Callable[[], object]) -> None:
        """Call `look`, which asks `taken`, often enough that being idle is not taken for a nap."""
        while True:
            look()
            await asyncio.sleep(self._longest / 5)
