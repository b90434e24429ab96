"""`GET /health/store`: what the gateway's health says of FHIR (contract 3)."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from quill_common.http.work import WorkRoute, work_of
from sqlalchemy.exc import SQLAlchemyError

from quill_patients.patient import repository

PROBE_SECONDS: Final = 5.0

router = APIRouter(include_in_schema=False, route_class=WorkRoute)


class StoreHealth(BaseModel):
    """`error` is a fixed word, never the text of a failure."""

    available: bool
    error: str | None = None


@router.get("/health/store", response_model_exclude_none=True)
async def store(request: Request) -> StoreHealth:
    """Available exactly when a real patient read works."""
    parts = work_of(request).parts
    if not parts.settings.clinical_services_enabled:
        return StoreHealth(available=False, error="Not provisioned")
    try:
        async with asyncio.timeout(PROBE_SECONDS), parts.database.reader() as reader:
            await repository.any_patient(reader)
    except TimeoutError:
        return StoreHealth(available=False, error="timeout")
    except (SQLAlchemyError, OSError):
        return StoreHealth(available=False, error="unreachable")
    return StoreHealth(available=True)
