"""The import of patients, for operators only; the gateway never routes here."""

from fastapi import Request
from quill_common.http.callers import Write
from quill_common.http.internal import internal_router

from quill_patients.imports.schemas import ImportIn, ImportOut
from quill_patients.imports.service import import_patients

router = internal_router("/internal/import")


@router.post("/patients", response_model_exclude_none=True)
async def patients(request: Request, write: Write) -> ImportOut:
    """Bring in up to 200 patients; with `organisation_id` each new one joins that organisation."""
    return ImportOut(results=await import_patients(write, ImportIn.of(await request.body())))
