"""Attempts of which only failures count."""

import asyncio

import httpx
import pytest
from quill_common.http.errors import TooManyRequests, Unavailable
from quill_common.limits import failures as module
from quill_common.testing.kit import ServiceKit

from .conftest import Start, Wrong


async def _guess(kit: ServiceKit, word: str = "please") -> httpx.Response:
    return await kit.anonymous.post("/api/guess", json={"word": word})


async def _counted(kit: ServiceKit) -> list[int]:
    return [row["hits"] for row in await kit.read("SELECT hits FROM rate_limit")]


async def test_the_limit_counts_failures_and_then_refuses_the_right_word_too(start: Start) -> None:
    kit = await start()
    assert [(await _guess(kit, word)).status_code for word in ("a", "b", "open", "c", "d")] == [400, 400, 200, 400, 400]
    for word in ("open", "e"):
        refused = await _guess(kit, word)
        assert refused.status_code == 429
        assert refused.json()["detail"] == "Rate limit exceeded: 4 per 15 minute"
        assert 600 <= int(refused.headers["Retry-After"]) <= 900


async def test_it_unlocks_by_itself_when_the_window_has_passed(start: Start) -> None:
    kit = await start(limit_guesses="2 per 2 second")
    async with asyncio.timeout(60):
        while (await _guess(kit)).status_code != 429:
            continue
        while (await _guess(kit, "open")).status_code != 200:  # noqa: ASYNC110 - the window ends by itself
            await asyncio.sleep(0.05)


async def test_a_burst_does_not_slip_past_whichever_instances_it_meets(start: Start) -> None:
    first, second = await start(), await start()
    answers = await asyncio.gather(*(_guess(kit) for kit in (first, second) for _ in range(25)))
    assert sorted(answer.status_code for answer in answers) == [400] * 4 + [429] * 46
    assert await _counted(first) == [4]


async def test_good_attempts_at_once_lock_nobody_out(start: Start) -> None:
    first, second = await start(), await start()
    assert [(await _guess(first)).status_code for _ in range(3)] == [400] * 3  # room for one
    answers = await asyncio.gather(*(_guess(kit, "open") for kit in (first, second) for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 40
    assert await _counted(first) == [3]


async def test_what_is_neither_good_nor_a_failure_is_given_back(start: Start) -> None:
    kit = await start()
    for _ in range(6):
        with pytest.raises(Unavailable):
            async with kit.parts.failures.attempt("guesses", "safe", Wrong):
                raise Unavailable
    assert await _counted(kit) == [0]
    assert (await _guess(kit, "open")).status_code == 200


async def test_an_attempt_that_is_cancelled_is_given_back(start: Start) -> None:
    kit = await start()
    begun = asyncio.Event()

    async def attempt() -> None:
        async with kit.parts.failures.attempt("guesses", "safe", Wrong):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(attempt())
    await begun.wait()
    assert await _counted(kit) == [1_000_000]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _counted(kit) == [0]


async def test_an_attempt_that_outlives_its_window_leaves_the_next_one_right(start: Start) -> None:
    kit = await start()

    async def outlive(problem: Exception | None) -> None:
        async with kit.parts.failures.attempt("guesses", "safe", Wrong):
            await kit.parts.limits.storage.reset()
            if problem is not None:
                raise problem

    with pytest.raises(Wrong):
        await outlive(Wrong())
    assert await _counted(kit) == [1]
    await outlive(None)
    assert await _counted(kit) == [0]


async def test_attempts_left_behind_by_a_process_that_died_make_others_wait_and_then_say_so(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = await start()
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.1)
    limit = kit.parts.limits.limit("guesses")
    assert limit is not None
    key = limit.key_for(kit.parts.limits.key("guesses", "safe"))
    await kit.parts.limits.storage.incr(key, 900, 4 * 1_000_000)
    refused = await _guess(kit, "open")
    assert (refused.status_code, refused.json()) == (503, {"detail": "Service temporarily unavailable"})
    await kit.parts.limits.storage.incr(key, 900, -2 * 1_000_000)
    assert (await _guess(kit, "open")).status_code == 200


async def test_each_name_is_counted_alone(start: Start) -> None:
    kit = await start(limit_guesses="1 per 15 minute")
    with pytest.raises(Wrong):
        async with kit.parts.failures.attempt("guesses", "ada", Wrong):
            raise Wrong
    with pytest.raises(TooManyRequests):
        async with kit.parts.failures.attempt("guesses", "ada", Wrong):
            pass
    async with kit.parts.failures.attempt("guesses", "Ada", Wrong):
        pass
