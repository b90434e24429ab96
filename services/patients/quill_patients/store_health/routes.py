"""Whether the FHIR store works, for the gateway's health."""

from fastapi import Request
from quill_common.database.session import Reader
from quill_common.http.store_health import store_health_router

from quill_patients.patient.store import store_of


async def _read_the_store(request: Request, reader: Reader) -> None:
    await store_of(request).check(reader)


router = store_health_router(_read_the_store)
