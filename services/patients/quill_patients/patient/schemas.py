"""Shapes of the patient endpoints."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from quill_common.fhir.resource import is_fhir_id
from quill_common.http.shapes import BlankIsAbsent, Body, Text

from quill_patients.patient.fields import BirthDate, Gender, NhsNumber, OptionalShortText, ShortText


def _fhir_id(value: str) -> str:
    if not is_fhir_id(value):
        raise ValueError("must have 1 to 64 letters, digits, hyphens or dots")
    return value


WantedId = Annotated[Annotated[Text, AfterValidator(_fhir_id)] | None, BlankIsAbsent]


class PatientCreateIn(Body):
    """A new patient; `patient_id` is the wanted id."""

    given_name: ShortText
    family_name: ShortText
    birth_date: BirthDate = None
    gender: Gender = None
    nhs_number: NhsNumber = None
    mrn: OptionalShortText = None
    patient_id: WantedId = None


class PatientUpdateIn(Body):
    """What to change; null, empty or absent leaves a field as it is."""

    given_name: OptionalShortText = None
    family_name: OptionalShortText = None
    birth_date: BirthDate = None
    gender: Gender = None
    nhs_number: NhsNumber = None
    mrn: OptionalShortText = None


class PatientOut(BaseModel):
    """A FHIR R4 Patient; parts not named here are kept as they are."""

    model_config = ConfigDict(extra="allow")

    resourceType: str  # noqa: N815 - FHIR's name
    id: str
    meta: dict[str, Any] | None = None
    extension: list[dict[str, Any]] | None = None
    identifier: list[dict[str, Any]] | None = None
    name: list[dict[str, Any]] | None = None
    gender: str | None = None
    birthDate: str | None = None  # noqa: N815 - FHIR's name
    address: list[dict[str, Any]] | None = None
    telecom: list[dict[str, Any]] | None = None


class ListedPatientOut(PatientOut):
    """A patient in the list."""

    is_active: bool


class PatientsOut(BaseModel):
    """`fhir_ready` true means that the list is the whole truth, even when it is empty."""

    patients: list[ListedPatientOut]
    fhir_ready: bool
    next_cursor: Annotated[str | None, Field(description="For the next page; null at the end")] = None
