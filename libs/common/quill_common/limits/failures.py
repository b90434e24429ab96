"""Attempts of which only the failed ones count: guesses at a secret, limited for what is guessed at."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from limits import RateLimitItem

from quill_common.http.errors import Unavailable
from quill_common.limits.limiter import RateLimits

# One counter holds both numbers, so that one atomic step tells both: failures below, attempts under way above.
_UNDER_WAY: Final = 1_000_000
_AT_ONCE: Final = 2  # attempts of one name in one process; a killed process leaves no more than these behind
_PATIENCE_SECONDS: Final = 5.0


class Failures:
    """The failures of one service: those of one name, with its attempts under way, never exceed the limit.

    An attempt that finds room only for those under way waits for their end, so that good attempts lock nobody out.
    """

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def attempt(self, name: str, who: str, *failed: type[Exception]) -> AsyncIterator[None]:
        """Run the block as one attempt in the limit `name`; it failed when it raises one of `failed`.

        Raises TooManyRequests once the limit is reached, until the window that began with the first failure ends,
        and Unavailable when there was no room for too long.
        """
        limit = self._limits.limit(name)
        if limit is None:
            yield
            return
        key = self._limits.key(name, who)
        self._limits.refuse_if_known(limit, key)
        async with self._gate(key):
            await self._begin(limit, key)
            change = -_UNDER_WAY
            try:
                yield
            except failed:
                change += 1
                raise
            finally:
                await self._end(limit, key, change)

    def _gate(self, key: str) -> asyncio.Semaphore:
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = asyncio.Semaphore(_AT_ONCE)
        return gate

    async def _begin(self, limit: RateLimitItem, key: str) -> None:
        patient_until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            self._limits.refuse_if_known(limit, key)
            under_way, failures = divmod(await self._add(limit, key, _UNDER_WAY), _UNDER_WAY)
            if under_way + failures <= limit.amount:
                return
            await self._end(limit, key, -_UNDER_WAY)
            if failures >= limit.amount:
                await self._limits.refuse(limit, key)
            if time.monotonic() > patient_until:
                raise Unavailable
            await asyncio.sleep(random.uniform(0.01, 0.05))  # noqa: S311 - so that waiters do not meet again

    async def _end(self, limit: RateLimitItem, key: str, change: int) -> None:
        if await self._add(limit, key, change) < 0:  # the window ended meanwhile, and with it what was under way
            await self._add(limit, key, _UNDER_WAY)

    async def _add(self, limit: RateLimitItem, key: str, amount: int) -> int:
        return await self._limits.storage.incr(limit.key_for(key), limit.get_expiry(), amount)
