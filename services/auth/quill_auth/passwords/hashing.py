"""Argon2id in a few threads of its own: never on the event loop, and never more at once than the machine bears."""

import asyncio
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from quill_common.http.errors import Unavailable

MAX_LENGTH: Final = 128

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two iterations, one degree of parallelism.
_MEMORY_KIB: Final = 19_456
_ITERATIONS: Final = 2
_LANES: Final = 1

T = TypeVar("T")


class Passwords:
    """Hashes and verifies. Raises Unavailable when `queue` hashes are under way or waiting already."""

    def __init__(self, threads: int, queue: int) -> None:
        self._hasher = PasswordHasher(time_cost=_ITERATIONS, memory_cost=_MEMORY_KIB, parallelism=_LANES)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._places = threading.BoundedSemaphore(queue)
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """The PHC string to store."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one stored. Without a stored one the work is the same and the answer False."""
        usable = stored is not None and 0 < len(password) <= MAX_LENGTH
        against = stored if stored is not None and usable else self._nobody
        return await self._run(lambda: self._matches(against, password[:MAX_LENGTH])) and usable

    def is_outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise Unavailable
        try:
            future: Future[T] = self._threads.submit(work)
        except BaseException:
            self._places.release()
            raise
        # Released when the work ends, not when the caller goes away: a hash that runs cannot be stopped.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)
