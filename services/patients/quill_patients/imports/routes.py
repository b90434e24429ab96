"""The import of patients, for operators only; the gateway never routes here."""

from collections import Counter

from fastapi import Request
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Write
from quill_common.http.internal import internal_router

from quill_patients.imports.schemas import ImportIn, ImportOut
from quill_patients.imports.service import import_patients
from quill_patients.patient.store import Store

router = internal_router("/internal/import")


@router.post("/patients", response_model_exclude_none=True, dependencies=[Audited("patient.import")])
async def patients(request: Request, write: Write, store: Store, note: Note) -> ImportOut:
    """Bring in up to 200 patients; with `organisation_id` each new one joins that organisation."""
    results = await import_patients(write, store, ImportIn.of(await request.body()))
    note.about_all(result.id for result in results if result.id is not None)
    note.add(outcomes=Counter(result.outcome for result in results))
    return ImportOut(results=results)
