"""Shapes of the patient endpoints."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from quill_common.http.shapes import ADDITIVE, BlankIsAbsent, Body, Text

from quill_patients.patient.fields import BirthDate, Gender, NhsNumber, OptionalShortText, ShortText, fhir_id

WantedId = Annotated[Annotated[Text, AfterValidator(fhir_id)] | None, BlankIsAbsent]


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
    patient_id: Annotated[Any, Field(description="Ignored")] = None


class _FhirPart(BaseModel):
    """Parts not named are kept as they are."""

    model_config = ConfigDict(extra="allow")


class MetaOut(_FhirPart):
    versionId: str  # noqa: N815 - FHIR's name
    lastUpdated: str  # noqa: N815 - FHIR's name


class ExtensionOut(_FhirPart):
    url: str
    valueInteger: int | None = None  # noqa: N815 - FHIR's name


class IdentifierOut(_FhirPart):
    system: str | None = None
    value: str | None = None


class NameOut(_FhirPart):
    use: str | None = None
    given: list[str] | None = None
    family: str | None = None


class PatientOut(_FhirPart):
    """A FHIR R4 Patient. `urn:quillmedical:avatar-gradient` among the extensions is 0 to 29."""

    resourceType: str  # noqa: N815 - FHIR's name
    id: str
    meta: MetaOut | None = None
    extension: list[ExtensionOut] | None = None
    identifier: list[IdentifierOut] | None = None
    name: list[NameOut] | None = None
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
    total: Annotated[
        int | None,
        Field(description="Patients on all pages; with `total=true`", json_schema_extra=dict(ADDITIVE)),
    ] = None
