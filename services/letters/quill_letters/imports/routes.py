"""The import of letters, for operators only; the gateway never routes here."""

from fastapi import Request
from quill_common.http.callers import Write
from quill_common.http.internal import internal_router
from quill_common.http.work import work_of

from quill_letters.imports.schemas import ImportIn, ImportResult
from quill_letters.imports.service import import_letters
from quill_letters.store.chosen import WriteStore

router = internal_router("/internal/import")


@router.post("/letters", response_model_exclude_none=True)
async def letters(request: Request, body: ImportIn, write: Write, store: WriteStore) -> dict[str, list[ImportResult]]:
    """Bring in up to 50 letters: `{"results": [{"source_id", "outcome", "reason"?}]}`, in the order given."""
    system_id = work_of(request).parts.settings.system_id
    return {"results": await import_letters(write, store, system_id, body.letters)}
