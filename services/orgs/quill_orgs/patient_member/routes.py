"""`/api/organizations/{org_id}/patients` (contract 5.8 and 5.9)."""

from fastapi import APIRouter
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Caller, Clinical, OncePerKey, Write, require_admin
from quill_common.http.shapes import FhirId, PathId
from quill_common.http.work import WorkRoute

from quill_orgs.patient_member import service
from quill_orgs.patient_member.schemas import NewPatientMember, PatientMemberAnswer
from quill_orgs.shapes import REMOVED, Removed

router = APIRouter(prefix="/api/organizations/{org_id}/patients", tags=["organizations"], route_class=WorkRoute)


@router.post("", operation_id="addOrganizationPatient", dependencies=[Audited("member.add"), Clinical])
async def add(
    caller: Caller, write: Write, once: OncePerKey, note: Note, org_id: PathId, body: NewPatientMember
) -> PatientMemberAnswer:
    """Add a patient, not as primary."""
    note.target(f"organisation/{org_id}")
    note.about(body.patient_id)
    require_admin(caller)
    await once.begin()
    await service.add(write, org_id, body.patient_id)
    return PatientMemberAnswer(organisation_id=org_id, patient_id=body.patient_id)


@router.delete("/{patient_id}", operation_id="removeOrganizationPatient", dependencies=[Audited("member.remove")])
async def remove(caller: Caller, write: Write, note: Note, org_id: PathId, patient_id: FhirId) -> Removed:
    """Remove a patient from an organisation."""
    note.target(f"organisation/{org_id}")
    require_admin(caller, "Admin only")
    await service.remove(write, org_id, patient_id)
    return REMOVED
