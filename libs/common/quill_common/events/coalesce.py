"""Let everyone who asks for the same piece of work share it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalesced(Generic[T]):
    """Runs `work` one at a time; all who ask while it runs share the one run that starts after it.

    So an answer always comes from a run that began after the question. One who stops waiting takes nothing from the
    others; an exception goes to everyone who shares the run.
    """

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
            self._next.add_done_callback(_retrieve)
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        """Cancel what runs and what waits to run, and see it end."""
        tasks = [task for task in (self._next, self._running) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._next = self._running = None

    async def _after(self, previous: asyncio.Task[T] | None) -> T:
        if previous is not None:
            await asyncio.wait([previous])
        self._running, self._next = self._next, None
        return await self._work()


def _retrieve(task: asyncio.Task[T]) -> None:
    """An exception that nobody waited for is no news: whoever asks next meets it again."""
    if not task.cancelled():
        task.exception()
