"""Whether the site's FHIR server answers, for the health of a service that keeps resources there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from quill_common.fhir.http_client import FhirClient
from quill_common.fhir.store import StoreFailing

WAIT_SECONDS: Final = 3.0  # less than health gives a check


def store_check(client: FhirClient) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Always `ok`, and whether it is available: without it the service still answers, by saying that it is not."""

    async def check() -> dict[str, Any]:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await client.check()
        except (StoreFailing, TimeoutError):
            return {"state": "ok", "available": False}
        return {"state": "ok", "available": True}

    return check
