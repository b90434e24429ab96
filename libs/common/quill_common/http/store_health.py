"""`GET /health/store`: what the gateway's health says of a clinical store (contract 3)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from quill_common.database.session import Reader
from quill_common.http.answers import json_answer
from quill_common.http.errors import StoreUnavailable
from quill_common.http.work import WorkRoute, work_of

PROBE_SECONDS: Final = 4.0  # less than the gateway waits, so that it hears why


def store_health_router(probe: Callable[[Request, Reader], Awaitable[None]]) -> APIRouter:
    """`{"available": bool, "error"?: a fixed word}`, always 200. `probe` is a real read of the store."""
    router = APIRouter(include_in_schema=False, route_class=WorkRoute)

    @router.get("/health/store")
    async def store_health(request: Request) -> Response:
        parts = work_of(request).parts
        if not parts.settings.clinical_services_enabled:
            return _unavailable("Not provisioned")
        try:
            async with asyncio.timeout(PROBE_SECONDS), parts.database.reader() as reader:
                await probe(request, reader)
        except TimeoutError:
            return _unavailable("timeout")
        except (StoreUnavailable, SQLAlchemyError, OSError):
            return _unavailable("unreachable")
        return json_answer({"available": True})

    return router


def _unavailable(error: str) -> Response:
    return json_answer({"available": False, "error": error})
