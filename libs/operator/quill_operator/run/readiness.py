"""Whether the system can be used yet, asked the way anyone else would ask."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx

START_SECONDS: Final = 120.0
_PAUSE: Final = 0.4
_CLINICAL: Final = ("fhir", "ehrbase")


class NotReadyError(RuntimeError):
    """The system did not become healthy in time; the message names what is missing."""


async def wait_until_ready(services: Sequence[str], gateway: str, *, clinical: bool) -> None:
    """Wait until every process of `services` (base URLs) can work and the gateway calls the system healthy."""
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        for url in services:
            await _wait(client, f"{url}/health/live", deadline, clinical=True)
        for url in services:
            await _wait(client, f"{url}/health/ready", deadline, clinical=True)
        await _wait(client, f"{gateway}/api/health", deadline, clinical=clinical)


async def _wait(client: httpx.AsyncClient, url: str, deadline: float, *, clinical: bool) -> None:
    last = "no answer"
    while time.monotonic() < deadline:
        try:
            response = await client.get(url)
        except httpx.HTTPError:
            await asyncio.sleep(_PAUSE)
            continue
        last = response.text[:2000]
        if response.status_code == 200 and _is_well(response.json(), clinical=clinical):
            return
        await asyncio.sleep(_PAUSE)
    raise NotReadyError(f"{url} did not become healthy: {last}")


def _is_well(answer: dict[str, Any], *, clinical: bool) -> bool:
    services: dict[str, dict[str, Any]] = answer.get("services", {})
    if clinical:
        return answer.get("status") in ("alive", "ready", "healthy")
    return all(entry["available"] for name, entry in services.items() if name not in _CLINICAL)
