"""Counting against the limits of one service."""

import math
import time
from collections.abc import Mapping

from limits import RateLimitItem
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter

from quill_common.http.errors import TooManyRequests
from quill_common.limits.keys import Keys
from quill_common.limits.refusals import Refusals


class RateLimits:
    """The limits that a service's settings name. A window begins with the first hit and has a fixed length."""

    def __init__(self, storage: Storage, limits: Mapping[str, RateLimitItem | None], keys: Keys) -> None:
        self.storage = storage
        self._limiter = FixedWindowRateLimiter(storage)
        self._limits = limits
        self._keys = keys
        self._refusals = Refusals()

    def limit(self, name: str) -> RateLimitItem | None:
        """The limit called `name`, None when it is off. Raises KeyError for one that no setting names."""
        return self._limits[name]

    def key(self, name: str, who: str) -> str:
        """What `name` is counted under for `who`, without the window: pass it to the other methods."""
        return f"{name}/{self._keys.of(who)}"

    async def count(self, name: str, who: str) -> None:
        """Count once for `who`. Raises TooManyRequests beyond the limit."""
        limit = self.limit(name)
        if limit is None:
            return
        key = self.key(name, who)
        self.refuse_if_known(limit, key)
        if not await self._limiter.hit(limit, key):
            await self.refuse(limit, key)

    def refuse_if_known(self, limit: RateLimitItem, key: str) -> None:
        """Raises TooManyRequests when this process knows the counter to be full."""
        left = self._refusals.seconds_left(key)
        if left > 0:
            raise _refusal(limit, left)

    async def refuse(self, limit: RateLimitItem, key: str) -> None:
        """The counter is full and stays so until its window ends: raises TooManyRequests."""
        left = await self.storage.get_expiry(limit.key_for(key)) - time.time()
        self._refusals.add(key, left)
        raise _refusal(limit, left)


def _refusal(limit: RateLimitItem, seconds: float) -> TooManyRequests:
    return TooManyRequests(str(limit), max(1, math.ceil(seconds)))
