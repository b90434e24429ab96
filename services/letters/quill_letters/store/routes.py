"""Whether the openEHR store works, for the gateway's health."""

import asyncio
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from quill_common.http.errors import StoreUnavailable
from quill_common.service import Parts

from quill_letters.store.embedded import EmbeddedReader, asking_the_store

PROBE_SECONDS = 4.0

router = APIRouter(include_in_schema=False)


@router.get("/health/store")
async def store_health(request: Request) -> Response:
    """`{"available": bool, "error"?: string}`, always 200."""
    return Response(orjson.dumps(await _state(request.app.state.parts)), media_type="application/json")


async def _state(parts: Parts) -> dict[str, Any]:
    if not parts.settings.clinical_services_enabled:
        return {"available": False, "error": "Not provisioned"}
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await _probe(parts)
    except TimeoutError:
        return {"available": False, "error": "timeout"}
    except StoreUnavailable:
        return {"available": False, "error": "unreachable"}
    return {"available": True}


async def _probe(parts: Parts) -> None:
    async with asking_the_store(), parts.database.reader() as reader:
        await EmbeddedReader(reader).probe()
