"""`/api/organizations/{org_id}/staff` (contract 5.6 and 5.7)."""

from fastapi import APIRouter
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Caller, OncePerKey, Write, require_admin
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute

from quill_orgs.shapes import REMOVED, Removed
from quill_orgs.staff import service
from quill_orgs.staff.schemas import NewStaffMember, StaffMemberAnswer

router = APIRouter(prefix="/api/organizations/{org_id}/staff", tags=["organizations"], route_class=WorkRoute)


@router.post("", operation_id="addStaff", dependencies=[Audited("staff.add")])
async def add(
    caller: Caller, write: Write, once: OncePerKey, note: Note, org_id: PathId, body: NewStaffMember
) -> StaffMemberAnswer:
    """Add a user as staff member; primary when the user has no primary organisation yet."""
    note.target(f"organisation/{org_id}")
    note.subject(body.user_id)
    require_admin(caller)
    await once.begin()
    username = await service.add(write, org_id, body.user_id)
    return StaffMemberAnswer(organisation_id=org_id, user_id=body.user_id, username=username)


@router.delete("/{user_id}", operation_id="removeStaff", dependencies=[Audited("staff.remove")])
async def remove(caller: Caller, write: Write, note: Note, org_id: PathId, user_id: PathId) -> Removed:
    """Remove a staff member: what the membership gave ends at once."""
    note.target(f"organisation/{org_id}")
    note.subject(user_id)
    require_admin(caller, "Admin only")
    await service.remove(write, org_id, user_id)
    return REMOVED
