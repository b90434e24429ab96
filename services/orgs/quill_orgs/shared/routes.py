"""`/api/patients/{patient_id}/shared-organisations` (contract 5.12)."""

from typing import Any

from fastapi import APIRouter
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Caller, Clinical, Read
from quill_common.http.shapes import FhirId
from quill_common.http.work import WorkRoute

from quill_orgs.shared import service
from quill_orgs.shared.schemas import SharedOrganisations

router = APIRouter(prefix="/api/patients", tags=["organizations"], route_class=WorkRoute)


@router.get(
    "/{patient_id}/shared-organisations",
    operation_id="listSharedOrganisations",
    response_model=SharedOrganisations,
    dependencies=[Audited("member.list"), Clinical],
)
async def list_shared(caller: Caller, read: Read, note: Note, patient_id: FhirId) -> Any:
    """Organisations that the caller shares with the patient; never an error for lack of access."""
    shared = await service.shared_with(read, caller, patient_id)
    note.add(shown=len(shared))
    return {"organisations": shared}
