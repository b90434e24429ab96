"""`/api/patients/{patient_id}/external-access` (contract 5.15 and 5.16)."""

from typing import Any

from fastapi import APIRouter
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Caller, Clinical, Read, Write, require_admin
from quill_common.http.paging import Paging
from quill_common.http.shapes import FhirId, PathId
from quill_common.http.work import WorkRoute

from quill_orgs.grant import service
from quill_orgs.grant.schemas import REVOKED, GrantList, Revoked

router = APIRouter(prefix="/api/patients/{patient_id}/external-access", tags=["external-access"], route_class=WorkRoute)


@router.get(
    "",
    operation_id="listExternalAccess",
    response_model=GrantList,
    dependencies=[Audited("grant.list"), Clinical],
)
async def list_grants(caller: Caller, read: Read, note: Note, patient_id: FhirId, page: Paging) -> Any:
    """Live grants for the patient, the oldest first."""
    grants, next_cursor = await service.listed(read, caller, patient_id, page)
    note.add(shown=len(grants))
    return {"grants": grants, "next_cursor": next_cursor}


@router.delete("/{user_id}", operation_id="revokeExternalAccess", dependencies=[Audited("grant.revoke"), Clinical])
async def revoke(caller: Caller, write: Write, patient_id: FhirId, user_id: PathId) -> Revoked:
    """End a grant: what it gave ends at once."""
    require_admin(caller, "Admin only")
    await service.revoke(write, user_id, patient_id, caller.id)
    return REVOKED
