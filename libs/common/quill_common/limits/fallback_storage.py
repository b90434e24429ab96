"""Counters in Redis, and in this process's memory while Redis is away."""

import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from limits.aio.storage import MemoryStorage, Storage
from limits.errors import StorageError

from quill_common.log import get_logger

RETRY_SECONDS: Final = 5.0
REMEMBERED: Final = 10_000
"""Counters in memory: `limits` looks at all of them with every request, so names without end would stop the process."""

T = TypeVar("T")


class FallbackStorage(Storage):
    """Never unlimited and never closed: while `store` is away each process counts for itself, from zero."""

    STORAGE_SCHEME = None  # made by us alone, never from an address

    def __init__(self, store: Storage, retry_seconds: float = RETRY_SECONDS) -> None:
        """`store` raises StorageError when it is away; it is asked again after `retry_seconds`, by one request."""
        super().__init__()
        self._store = store
        self._memory = MemoryStorage()
        self._retry_seconds = retry_seconds
        self._away = False
        self._ask_again_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return StorageError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return await self._ask(lambda store: store.incr(key, expiry, amount))

    async def get(self, key: str) -> int:
        return await self._ask(lambda store: store.get(key))

    async def get_expiry(self, key: str) -> float:
        return await self._ask(lambda store: store.get_expiry(key))

    async def check(self) -> bool:
        return await self._ask(lambda store: store.check())

    async def reset(self) -> int | None:
        await self._memory.reset()
        return await self._ask(lambda store: store.reset())

    async def clear(self, key: str) -> None:
        await self._memory.clear(key)
        await self._ask(lambda store: store.clear(key))

    async def _ask(self, question: Callable[[Storage], Awaitable[T]]) -> T:
        now = time.monotonic()
        if self._away and now < self._ask_again_at:
            return await self._ask_memory(question)
        self._ask_again_at = now + self._retry_seconds
        try:
            answer = await question(self._store)
        except StorageError as problem:
            if not self._away:
                get_logger().warning("rate limits are counted in this process alone", error=_cause(problem))
            self._away = True
            return await self._ask_memory(question)
        if self._away:
            get_logger().warning("rate limits are counted together again")
            self._away = False
        return answer

    async def _ask_memory(self, question: Callable[[Storage], Awaitable[T]]) -> T:
        answer = await question(self._memory)
        while len(self._memory.expirations) > REMEMBERED:  # the oldest make room
            await self._memory.clear(next(iter(self._memory.expirations)))
        return answer


def _cause(problem: StorageError) -> str:
    return type(problem.storage_error).__name__
