"""Two ways to be refused, asked in turns, so that what slows the machine down slows down both."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final

WARM_UP: Final = 20
# Ranks around the median between which it lies in 95 of 100 samples: n/2 -+ 1.96 * sqrt(n)/2 (binomial, p = 1/2).
_RANKS: Final = 0.98

Try = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Median:
    """Milliseconds: the median of `tries`, and half of the interval in which it lies in 95 of 100 measurements."""

    ms: float
    spread_ms: float
    tries: int


@dataclass(frozen=True)
class Compared:
    """How long a known and an unknown one take."""

    known: Median
    unknown: Median

    @property
    def difference_ms(self) -> float:
        """Positive when a known one takes longer."""
        return self.known.ms - self.unknown.ms

    @property
    def spread_ms(self) -> float:
        """Of the difference; a difference within it may be chance."""
        return math.hypot(self.known.spread_ms, self.unknown.spread_ms)


async def compare(known: Try, unknown: Try, tries: int) -> Compared:
    """Ask both `tries` times, after a few that do not count; now the one first, now the other.

    The tries of each are numbered, those that do not count too.
    """
    for number in range(WARM_UP):
        await known(number)
        await unknown(number)
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP, WARM_UP + tries):
        turns = ((known, took[0]), (unknown, took[1]))
        for ask, times in turns if number % 2 else reversed(turns):
            started = perf_counter()
            await ask(number)
            times.append((perf_counter() - started) * 1000)
    return Compared(median_of(took[0]), median_of(took[1]))


def median_of(times: list[float]) -> Median:
    """Of at least two times in milliseconds."""
    times.sort()
    half, middle = _RANKS * math.sqrt(len(times)), len(times) / 2
    low, high = max(0, math.floor(middle - half)), min(len(times) - 1, math.ceil(middle + half))
    return Median(median(times), (times[high] - times[low]) / 2, len(times))
