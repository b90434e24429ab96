"""`PATCH /api/users/{user_id}/link-patient`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ConfigDict, Field
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write
from quill_common.http.shapes import Answer, Body, PathId, Text
from quill_common.http.work import WorkRoute

from quill_auth.account.linking import PatientIdRequired, link
from quill_auth.account.rules import LINKING_NEEDS_ADMIN
from quill_auth.parts import Auth
from quill_auth.session.caller import AdminOnly, Caller, require_current

router = APIRouter(prefix="/api/users", tags=["users"], route_class=WorkRoute)


class LinkPatientIn(Body):
    """Every value of the object is a string, also those that are not read."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"required": ["fhir_patient_id"]})
    __pydantic_extra__: dict[str, str]

    fhir_patient_id: Annotated[Text, Field(max_length=255)] = Field(default="", json_schema_extra={"minLength": 1})


class LinkPatientOut(Answer):
    user_id: int
    fhir_patient_id: str


@router.patch(
    "/{user_id}/link-patient",
    operation_id="linkPatient",
    response_model=LinkPatientOut,
    dependencies=[Audited("user.link"), Depends(AdminOnly(LINKING_NEEDS_ADMIN))],
)
async def link_patient(
    request: Request, caller: Caller, write: Write, user_id: PathId, body: LinkPatientIn, auth: Auth, note: Note
) -> Response:
    patient_id = body.fhir_patient_id.strip()
    if not patient_id:
        raise PatientIdRequired
    note.about(patient_id)
    clinical = auth.settings.clinical_services_enabled
    if clinical:
        require_current(request, "patients")
    await link(write, caller, user_id, patient_id, patient_must_exist=clinical)
    return json_answer({"user_id": user_id, "fhir_patient_id": patient_id})
