"""A closed loop of requests over a fixed number of connections."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

import aiohttp

from quill_operator.bench.processes import Processes

CONNECTIONS = 32

Ask = Callable[[aiohttp.ClientSession], Awaitable[None]]


@dataclass(frozen=True)
class Measured:
    """One scenario: milliseconds of CPU a request for each process, requests a second, latency in milliseconds."""

    cpu_ms: dict[str, float]
    per_second: float
    p50_ms: float
    p99_ms: float

    @property
    def total_ms(self) -> float:
        return sum(self.cpu_ms.values())


async def measure(ask: Ask, sessions: list[aiohttp.ClientSession], processes: Processes, requests: int) -> Measured:
    """Warm up with a tenth, then send `requests`, each session one at a time."""
    await _run(ask, sessions, max(len(sessions), requests // 10))
    before, started = processes.cpu_seconds(), time.perf_counter()
    times = await _run(ask, sessions, requests)
    elapsed, after = time.perf_counter() - started, processes.cpu_seconds()
    cpu = {name: (after[name] - before[name]) * 1000 / len(times) for name in after}
    times.sort()
    return Measured(cpu, len(times) / elapsed, median(times) * 1000, times[int(len(times) * 0.99) - 1] * 1000)


async def _run(ask: Ask, sessions: list[aiohttp.ClientSession], requests: int) -> list[float]:
    left = iter(range(requests))
    times: list[float] = []

    async def work(session: aiohttp.ClientSession) -> None:
        for _ in left:
            started = time.perf_counter()
            await ask(session)
            times.append(time.perf_counter() - started)

    await asyncio.gather(*(work(session) for session in sessions))
    return times
