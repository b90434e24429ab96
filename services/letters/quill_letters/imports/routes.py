"""The import of letters, for operators only; the gateway never routes here."""

from collections import Counter

from fastapi import Request
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Write
from quill_common.http.internal import internal_router
from quill_common.http.work import work_of

from quill_letters.imports.schemas import ImportIn, ImportResult
from quill_letters.imports.service import import_letters
from quill_letters.store.chosen import WriteStore

router = internal_router("/internal/import")


@router.post("/letters", response_model_exclude_none=True, dependencies=[Audited("letter.import")])
async def letters(
    request: Request, body: ImportIn, write: Write, store: WriteStore, note: Note
) -> dict[str, list[ImportResult]]:
    """Bring in up to 50 letters: `{"results": [{"source_id", "outcome", "reason"?}]}`, in the order given."""
    system_id = work_of(request).parts.settings.system_id
    results = await import_letters(write, store, system_id, body.letters)
    note.about_all(result.patient_id for result in results if result.patient_id is not None)
    note.add(outcomes=Counter(result.outcome for result in results))
    return {"results": results}
