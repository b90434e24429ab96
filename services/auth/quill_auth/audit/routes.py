"""`/api/audit` and `/api/patients/{patient_id}/audit`: who did what, from all services. Reading it is on record too."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime
from quill_common.audit.declared import Audited, Note
from quill_common.audit.entry import Outcome
from quill_common.audit.repository import Sought
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read
from quill_common.http.paging import Paging
from quill_common.http.shapes import FHIR_ID, MAX_BIGINT, FhirId
from quill_common.http.work import WorkRoute, work_of
from quill_common.topology import SERVICES, Service

from quill_auth.audit.schemas import AuditPage, PatientAudit
from quill_auth.audit.service import page_of, require_own_record, require_superadmin, without_others
from quill_auth.session.caller import Caller

router = APIRouter(prefix="/api", tags=["audit"], route_class=WorkRoute)


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError("is out of range") from problem


_UserId = Annotated[int | None, Query(ge=1, le=MAX_BIGINT)]
_Time = Annotated[Annotated[AwareDatetime, AfterValidator(_in_utc)] | None, Query()]


@router.get("/audit", operation_id="listAudit", response_model=AuditPage, dependencies=[Audited("audit.read")])
async def audit(
    request: Request,
    caller: Caller,
    read: Read,
    note: Note,
    page: Paging,
    patient_id: Annotated[str | None, Query(pattern=FHIR_ID)] = None,
    user_id: _UserId = None,
    subject_user_id: _UserId = None,
    action: Annotated[str | None, Query(pattern=r"^[a-z_.]{1,100}$")] = None,
    outcome: Outcome | None = None,
    service: Service | None = None,
    since: _Time = None,
    until: _Time = None,
) -> Response:
    """Everything, newest first, for superadmins. `since` counts in, `until` does not; `user_id` is who acted."""
    require_superadmin(caller)
    if patient_id is not None:
        note.about(patient_id)
    sought = Sought(patient_id, user_id, subject_user_id, action, outcome, since, until, limit=page.fetch)
    services = SERVICES if service is None else (service,)
    return json_answer(await page_of(work_of(request).parts, read, sought, page, services))


@router.get(
    "/patients/{patient_id}/audit",
    operation_id="listPatientAudit",
    response_model=PatientAudit,
    dependencies=[Audited("audit.read")],
)
async def patient_audit(request: Request, caller: Caller, read: Read, page: Paging, patient_id: FhirId) -> Response:
    """Who read or changed this record, newest first: for the person whose record it is, and for superadmins."""
    require_own_record(caller, patient_id)
    sought = Sought(patient_id, limit=page.fetch)
    return json_answer(without_others(await page_of(work_of(request).parts, read, sought, page)))
