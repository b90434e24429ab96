"""The comparison shows a difference where there is one, and says how sure it is."""

from dataclasses import dataclass, field

import pytest
from quill_operator.bench.timing import WARM_UP, compare

TRIES = 200


@dataclass
class Work:
    """Something that takes time on a clock of the test's own; `took` are milliseconds, over and over."""

    clock: list[float]
    order: list[str]
    name: str
    took: list[float]
    asked: list[int] = field(default_factory=list)

    async def __call__(self, number: int) -> None:
        self.order.append(self.name)
        self.clock[0] += self.took[len(self.asked) % len(self.took)] / 1000
        self.asked.append(number)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("quill_operator.bench.timing.perf_counter", lambda: now[0])
    return now


def _two(clock: list[float], known: list[float], unknown: list[float]) -> tuple[Work, Work]:
    order: list[str] = []
    return Work(clock, order, "known", known), Work(clock, order, "unknown", unknown)


async def test_a_slower_known_one_shows(clock: list[float]) -> None:
    compared = await compare(*_two(clock, [5.0], [3.0]), TRIES)
    assert compared.difference_ms == pytest.approx(2.0)
    assert compared.known.ms == pytest.approx(5.0)
    assert compared.spread_ms == pytest.approx(0.0)


async def test_an_outlier_moves_nothing(clock: list[float]) -> None:
    compared = await compare(*_two(clock, [5.0] * 49 + [500.0], [5.0]), TRIES)
    assert compared.difference_ms == pytest.approx(0.0)


async def test_times_that_differ_widen_the_spread(clock: list[float]) -> None:
    compared = await compare(*_two(clock, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [4.0]), TRIES)
    assert compared.known.ms == pytest.approx(4.0)
    assert compared.spread_ms == pytest.approx(0.5)


async def test_both_are_asked_in_turns_and_neither_is_always_first(clock: list[float]) -> None:
    known, unknown = _two(clock, [1.0], [1.0])
    compared = await compare(known, unknown, TRIES)
    counted = known.order[2 * WARM_UP :]
    pairs = list(zip(counted[::2], counted[1::2], strict=True))
    assert pairs == [("unknown", "known"), ("known", "unknown")] * (TRIES // 2)
    assert compared.known.tries == compared.unknown.tries == TRIES
