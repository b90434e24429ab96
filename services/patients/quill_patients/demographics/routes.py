"""`/api/patients/{patient_id}/demographics` (contract 6.6, 6.7)."""

from fastapi import APIRouter, Request, Response
from quill_common.audit.declared import Audited
from quill_common.http.callers import Caller, Clinical, Clinician, Read, Write, require_administrative_access
from quill_common.http.if_match import IfMatch
from quill_common.http.shapes import FhirId
from quill_common.http.work import WorkRoute

from quill_patients.demographics.change import change_of
from quill_patients.demographics.schemas import DemographicsChangedOut, DemographicsIn, DemographicsOut
from quill_patients.patient import service
from quill_patients.patient.routes import versioned
from quill_patients.patient.store import Store

router = APIRouter(prefix="/api/patients/{patient_id}/demographics", tags=["patients"], route_class=WorkRoute)


@router.get(
    "",
    operation_id="getDemographics",
    response_model=DemographicsOut,
    dependencies=[Audited("demographics.read"), Clinical],
)
async def get_demographics(caller: Caller, read: Read, store: Store, patient_id: FhirId) -> Response:
    """One patient, wrapped."""
    version, content = await service.read(read, store, caller, patient_id)
    return versioned(f'{{"patient_id":"{patient_id}","data":{content}}}', version)


@router.put(
    "",
    operation_id="updateDemographics",
    response_model=DemographicsChangedOut,
    dependencies=[Audited("demographics.update"), Clinical, Clinician],
)
async def update_demographics(
    request: Request,
    caller: Caller,
    write: Write,
    store: Store,
    patient_id: FhirId,
    body: DemographicsIn,
    if_match: IfMatch,
) -> Response:
    """Change demographics (clinician)."""
    body = DemographicsIn.exactly(await request.body())
    await require_administrative_access(write, caller, patient_id)
    stored = await service.change(write, store, patient_id, if_match, change_of(body))
    return versioned(f'{{"patient_id":"{patient_id}","updated":true,"data":{stored.content}}}', stored.version)
