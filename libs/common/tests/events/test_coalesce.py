"""Askers share runs, and never get an answer that is older than their question."""

import asyncio

import pytest
from quill_common.events.coalesce import Coalesced


class Work:
    """Counts its runs; each answers with its number when released."""

    def __init__(self) -> None:
        self.runs = 0
        self.at_once = 0
        self.gate = asyncio.Event()
        self.fail = False

    async def __call__(self) -> int:
        self.runs += 1
        self.at_once += 1
        assert self.at_once == 1
        number = self.runs
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        if self.fail:
            raise ValueError(number)
        return number


async def test_who_asks_during_a_run_gets_the_answer_of_the_next() -> None:
    work = Work()
    ask = Coalesced(work)
    first = asyncio.create_task(ask())
    await asyncio.sleep(0.01)
    later = [asyncio.create_task(ask()) for _ in range(20)]
    await asyncio.sleep(0.01)
    work.gate.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 20
    assert work.runs == 2


async def test_the_answer_always_comes_from_a_run_that_began_after_the_question() -> None:
    clock = 0

    async def work() -> int:
        began = clock
        await asyncio.sleep(0.001)
        return began

    ask = Coalesced(work)

    async def asker(delay: float) -> None:
        nonlocal clock
        for _ in range(30):
            await asyncio.sleep(delay)
            clock += 1
            asked = clock
            assert await ask() >= asked

    await asyncio.gather(*(asker(n * 0.0003) for n in range(10)))


async def test_an_exception_goes_to_all_who_share_the_run_and_the_next_run_is_free_of_it() -> None:
    work = Work()
    work.gate.set()
    work.fail = True
    ask = Coalesced(work)
    answers = await asyncio.gather(ask(), ask(), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ValueError, ValueError]
    work.fail = False
    assert await ask() == 2


async def test_one_who_stops_waiting_takes_nothing_from_the_others() -> None:
    work = Work()
    ask = Coalesced(work)
    first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
    await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    work.gate.set()
    assert await second == 1


async def test_a_failure_that_nobody_waits_for_any_more_is_no_warning() -> None:
    work = Work()
    work.fail = True
    ask = Coalesced(work)
    only = asyncio.create_task(ask())
    await asyncio.sleep(0.01)
    only.cancel()
    work.gate.set()
    await asyncio.sleep(0.01)
    assert work.runs == 1


async def test_closing_ends_what_runs_and_what_waits() -> None:
    work = Work()
    ask = Coalesced(work)
    asked = [asyncio.create_task(ask())]
    await asyncio.sleep(0.01)
    asked.append(asyncio.create_task(ask()))
    await asyncio.sleep(0.01)
    await ask.close()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2
    assert work.at_once == 0
