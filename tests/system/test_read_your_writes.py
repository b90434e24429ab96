"""What a write has answered is in force for every later request, in every other service."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable

import pytest
from quill_common.testing.private_rabbitmq import PrivateRabbitMQ
from system.running import RunningSystem
from system.sight import NoAnswer
from system.turns import KINDS, Turn, place

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(1800)]


ROUNDS = int(os.environ.get("QUILL_TEST_ROUNDS", "1000"))
"""Writes of each kind, in each test: after each, at once what the person concerned sees through another connection."""
LANES = 2
"""People of each kind, who are taken turns with at the same time."""


async def _lanes(system: RunningSystem) -> list[tuple[str, Turn]]:
    """`LANES` people of each kind, prepared: each with an organisation, a patient and a conversation of their own."""
    admins = [await system.visitor() for _ in range(LANES)]
    return [(kind, await make(await place(system, admin))) for admin in admins for kind, make in KINDS.items()]


async def _take_turns(kind: str, turn: Turn, rounds: int, wrong: Counter[str], done: Callable[[], None]) -> None:
    for number in range(rounds):
        given = number % 2 == 1
        answer = await turn.change(given)
        assert answer.status_code == 200, (kind, answer.text)
        if pending := answer.headers.get("x-quill-pending"):
            wrong[f"{kind}: pending {pending}"] += 1
        view = turn.views[number // 2 % len(turn.views)]
        try:
            if await view() is not given:
                wrong[f"{kind}: stale {view.__name__}"] += 1
        except NoAnswer as problem:
            wrong[f"{kind}: {problem}"] += 1
        done()


async def _never_stale(system: RunningSystem, half_way: Callable[[], None] | None = None) -> None:
    """Take all turns; `half_way` is done in a thread when half of them are taken, and they go on meanwhile."""
    lanes = await _lanes(system)
    wrong: Counter[str] = Counter()
    left = len(lanes) * (ROUNDS // LANES) // 2
    reached = asyncio.Event()

    def done() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            reached.set()

    async def interfere() -> None:
        await reached.wait()
        if half_way is not None:
            await asyncio.to_thread(half_way)

    turns = (_take_turns(kind, turn, ROUNDS // LANES, wrong, done) for kind, turn in lanes)
    await asyncio.gather(interfere(), *turns)
    assert wrong == {}


async def test_no_stale_answer_without_a_broker(system: RunningSystem) -> None:
    await _never_stale(system)


@pytest.mark.broker
async def test_no_stale_answer_with_a_broker(brokered: RunningSystem) -> None:
    await _never_stale(brokered)


@pytest.mark.broker
async def test_no_stale_answer_while_the_broker_goes_away(
    brokered: RunningSystem, private_broker: PrivateRabbitMQ
) -> None:
    try:
        await _never_stale(brokered, private_broker.kill)
    finally:
        await asyncio.to_thread(private_broker.start)
