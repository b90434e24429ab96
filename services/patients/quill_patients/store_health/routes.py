"""Whether the FHIR store works, for the gateway's health."""

from quill_common.database.session import Reader
from quill_common.http.store_health import store_health_router

from quill_patients.patient import repository


async def _read_the_store(reader: Reader) -> None:
    await repository.any_patient(reader)


router = store_health_router(_read_the_store)
