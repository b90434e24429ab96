"""What goes in and out about organisations."""

from typing import Annotated

from pydantic import StringConstraints
from quill_common.http.shapes import Answer, ExactBody, OptionalText, Text, Time, Trimmed

from quill_orgs.organisation.kinds import OrganisationType

Name = Annotated[Trimmed, StringConstraints(min_length=1, max_length=255)]
Location = Annotated[Trimmed, StringConstraints(max_length=500)]


class NewOrganisation(ExactBody):
    """`type` is text here: an unknown one is a 400 with a text of its own, not a 422."""

    name: Name
    type: Text
    location: Location | None = None


class OrganisationChange(ExactBody):
    """None leaves a field as it is; an empty `location` clears it."""

    name: Name | None = None
    type: OptionalText = None
    location: Location | None = None


class OrganisationAnswer(Answer):
    id: int
    name: str
    type: OrganisationType
    location: str | None
    created_at: Time
    updated_at: Time


class OrganisationList(Answer):
    organizations: list[OrganisationAnswer]
    next_cursor: str | None = None


class OrganisationName(Answer):
    id: int
    name: str


class OrganisationNames(Answer):
    organizations: list[OrganisationName]
    next_cursor: str | None = None


class ListedStaff(Answer):
    id: int
    username: str
    email: str
    is_primary: bool


class ListedPatient(Answer):
    patient_id: str
    is_primary: bool


class OrganisationDetail(OrganisationAnswer):
    staff_count: int
    patient_count: int
    staff_members: list[ListedStaff]
    patient_members: list[ListedPatient]
