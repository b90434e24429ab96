"""How long an event takes from its commit to the commit of its effect in another service."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import asyncpg

from quill_operator.bench.scene import Scene
from quill_operator.visitor import Visitor

PER_SECOND = 100
SECONDS = 10


@dataclass(frozen=True)
class Latency:
    """Milliseconds, over `events` events."""

    events: int
    p50_ms: float
    p99_ms: float


async def measure(url: str, admin_url: str, scene: Scene) -> Latency:
    """Change a patient a hundred times a second and watch the letters service's position move."""
    connection = await asyncpg.connect(admin_url)
    try:
        first = await _settled(connection)
        watching = asyncio.create_task(_watch(connection, first, first + PER_SECOND * SECONDS))
        await _change(url, scene)
        applied = await watching
        rows = await connection.fetch("SELECT position, time FROM patients.outbox WHERE position > $1", first)
    finally:
        await connection.close()
    took = sorted((applied[row["position"]] - row["time"]).total_seconds() * 1000 for row in rows)
    return Latency(len(took), median(took), took[int(len(took) * 0.99) - 1])


async def _settled(connection: asyncpg.Connection) -> int:
    while True:
        head = int(await connection.fetchval("SELECT position FROM patients.outbox_head"))
        at = await connection.fetchval("SELECT position FROM letters.inbox WHERE source = 'patients'")
        if head == at:
            return head
        await asyncio.sleep(0.1)


async def _change(url: str, scene: Scene) -> None:
    """PATCH one patient each, at an even pace; each changes something, so each publishes one event."""
    async with Visitor(url) as visitor:
        (await visitor.sign_in(scene.admin_username, scene.admin_password)).raise_for_status()
        listed = await visitor.call("GET", f"/api/patients?scope=admin&limit={PER_SECOND}")
        patients = [patient["id"] for patient in listed.json()["patients"]]
        started = time.perf_counter()
        sent = []
        for number in range(PER_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
            path = f"/api/patients/{patients[number % len(patients)]}"
            sent.append(asyncio.create_task(visitor.call("PATCH", path, {"mrn": f"M{time.time_ns()}"})))
        for response in await asyncio.gather(*sent):
            response.raise_for_status()


async def _watch(connection: asyncpg.Connection, first: int, last: int) -> dict[int, datetime]:
    """When each position was applied. A batch is applied at the time of its commit."""
    applied: dict[int, datetime] = {}
    seen = first
    while seen < last:
        (row,) = await connection.fetch("SELECT position, applied_at FROM letters.inbox WHERE source = 'patients'")
        applied |= dict.fromkeys(range(seen + 1, row["position"] + 1), row["applied_at"])
        seen = max(seen, row["position"])
        await asyncio.sleep(0.001)
    return applied
