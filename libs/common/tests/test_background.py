"""A loop that dies is started again and shows in health."""

import asyncio
from collections.abc import Callable

from quill_common.background import Background
from quill_common.http.health import loops_check


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - health is asked, it tells nobody
            await asyncio.sleep(0.005)


async def test_a_loop_that_fails_is_shown_and_started_again() -> None:
    background = Background(first_pause=0.02)
    check = loops_check(background)
    starts = 0
    mended = False

    async def loop() -> None:
        nonlocal starts
        starts += 1
        if not mended:
            raise ZeroDivisionError
        await asyncio.sleep(60)

    background.start("relay", loop)
    await _until(lambda: starts >= 2)
    assert await check() == {"state": "failing", "loops": ["relay"]}
    mended = True
    await _until(lambda: not background.failing)
    assert await check() == {"state": "ok"}
    await background.stop()
    assert starts >= 3


async def test_a_loop_that_simply_ends_is_a_failure_too() -> None:
    background = Background(first_pause=0.01)

    async def loop() -> None:
        return

    background.start("broker", loop)
    await _until(lambda: background.failing == {"broker"})
    await background.stop()


async def test_stopping_ends_loops_that_clean_up() -> None:
    background = Background()
    cleaned: list[str] = []

    async def loop() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.append("done")

    background.start("a", loop)
    background.start("b", loop)
    await asyncio.sleep(0)
    await background.stop()
    assert cleaned == ["done", "done"]
