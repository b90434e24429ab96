"""What the gateway adds: the same request through it and straight at the service."""

import time
from statistics import median

import aiohttp

from quill_operator.bench.scenarios import signed_in
from quill_operator.bench.scene import Scene

REQUESTS = 1000


async def added_ms(url: str, service_url: str, scene: Scene) -> tuple[float, float]:
    """Median milliseconds of `GET /api/auth/me` one at a time: through the gateway, and straight."""
    sessions = await signed_in(url, scene.username, scene.password, shared=True)
    session = sessions[0]
    token = next(cookie.value for cookie in session.cookie_jar if cookie.key == "access_token")
    try:
        through = await _median(session, f"{url}/api/auth/me", {})
        straight = await _median(session, f"{service_url}/api/auth/me", {"Authorization": f"Bearer {token}"})
    finally:
        for opened in sessions:
            await opened.close()
    return through, straight


async def _median(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> float:
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        async with session.get(url, headers=headers) as response:
            await response.read()
            response.raise_for_status()
        times.append(time.perf_counter() - started)
    return median(times) * 1000
