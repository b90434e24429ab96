"""The loops that run beside the requests. One that ends unexpectedly is started again, and health says so."""

import asyncio
from collections.abc import Awaitable, Callable

from quill_common.log import get_logger

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

Loop = Callable[[], Awaitable[None]]


class Background:
    """The loops of one process."""

    def __init__(self, first_pause: float = FIRST_PAUSE) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._first_pause = first_pause
        self.failing: set[str] = set()

    def start(self, name: str, loop: Loop) -> None:
        """Run `loop` until `stop`."""
        self._tasks.append(asyncio.create_task(self._keep_running(name, loop), name=name))

    async def stop(self) -> None:
        """Cancel all and see them end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_running(self, name: str, loop: Loop) -> None:
        pause = self._first_pause
        while True:
            started = asyncio.get_running_loop().time()
            well = asyncio.get_running_loop().call_later(pause, self.failing.discard, name)
            try:
                await loop()
                get_logger().error("background loop ended", loop=name)
            except Exception:  # quill: allow broad-except - the last place before silence: logged, shown and restarted
                get_logger().exception("background loop failed", loop=name)
            finally:
                well.cancel()
            self.failing.add(name)
            if asyncio.get_running_loop().time() - started > LONGEST_PAUSE:
                pause = self._first_pause
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
