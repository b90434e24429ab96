"""The organisation that an import joins patients to, for operators only; the gateway never routes here."""

from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Read, Write
from quill_common.http.internal import internal_router
from quill_common.http.shapes import FHIR_ID, Body, PathId

from quill_orgs.imports import service

MAX_PATIENTS: Final = 1000

router = internal_router("/internal/organisations/{organisation_id}")


class JoiningPatients(Body):
    """Up to 1,000 patients."""

    patient_ids: Annotated[list[Annotated[str, StringConstraints(pattern=FHIR_ID)]], Field(max_length=MAX_PATIENTS)]


class JoinedPatients(BaseModel):
    """How many became members now, and which are not patients."""

    added: int
    unknown: list[str]


class OrganisationName(BaseModel):
    id: int
    name: str


@router.get("")
async def organisation(read: Read, organisation_id: PathId) -> OrganisationName:
    """That there is such an organisation, and its name."""
    return OrganisationName(id=organisation_id, name=await service.name_of(read, organisation_id))


@router.post("/patients", dependencies=[Audited("member.import")])
async def join_patients(write: Write, note: Note, organisation_id: PathId, body: JoiningPatients) -> JoinedPatients:
    """Make members of those who are not; doing it again changes nothing."""
    note.target(f"organisation/{organisation_id}")
    note.about_all(body.patient_ids)
    added, unknown = await service.join_imported(write, organisation_id, body.patient_ids)
    note.add(added=added, unknown=len(unknown))
    return JoinedPatients(added=added, unknown=unknown)
