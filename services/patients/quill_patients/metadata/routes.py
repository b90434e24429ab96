"""`/api/patients/{patient_id}/metadata`, `deactivate`, `activate` (contract 6.8 to 6.10)."""

from fastapi import APIRouter
from quill_common.audit.declared import Audited
from quill_common.http.callers import Caller, Clinical, Read, Write, require_admin, require_administrative_access
from quill_common.http.shapes import FhirId
from quill_common.http.work import WorkRoute

from quill_patients.metadata import repository, service
from quill_patients.metadata.schemas import ActivatedOut, DeactivatedOut, MetadataOut
from quill_patients.patient.store import Store

router = APIRouter(
    prefix="/api/patients/{patient_id}", tags=["patients"], route_class=WorkRoute, dependencies=[Clinical]
)


@router.get("/metadata", operation_id="getPatientMetadata", dependencies=[Audited("patient_status.read")])
async def get_metadata(caller: Caller, read: Read, patient_id: FhirId) -> MetadataOut:
    """Whether the patient is active; by default, and for an unknown patient too, it is."""
    await require_administrative_access(read, caller, patient_id)
    return MetadataOut(patient_id=patient_id, is_active=await repository.is_active(read, patient_id))


@router.post("/deactivate", operation_id="deactivatePatient", dependencies=[Audited("patient.deactivate")])
async def deactivate(caller: Caller, write: Write, store: Store, patient_id: FhirId) -> DeactivatedOut:
    """Hide a patient from lists."""
    require_admin(caller, "Admin or superadmin permission required to deactivate patients")
    await service.set_active(write, store, patient_id, active=False)
    return DeactivatedOut(patient_id=patient_id)


@router.post("/activate", operation_id="activatePatient", dependencies=[Audited("patient.activate")])
async def activate(caller: Caller, write: Write, store: Store, patient_id: FhirId) -> ActivatedOut:
    """Show a deactivated patient again."""
    require_admin(caller, "Admin or superadmin permission required to activate patients")
    await service.set_active(write, store, patient_id, active=True)
    return ActivatedOut(patient_id=patient_id)
