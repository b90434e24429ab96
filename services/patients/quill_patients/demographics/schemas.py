"""Shapes of the demographics endpoints: Quill's own fields and FHIR's, mixed freely."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field
from quill_common.fhir.json_text import NotJson, parse
from quill_common.http.errors import invalid
from quill_common.http.shapes import BlankIsAbsent, Body, JsonObject, Text

from quill_patients.patient.fields import BirthDate, Gender, OptionalShortText, real_date
from quill_patients.patient.schemas import PatientOut

MAX_ITEMS: Final = 100

_PARTIAL = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")


def _fhir_date(value: str) -> str:
    """A day as in Quill's own field, or only its year or month."""
    value = value.strip()
    if _PARTIAL.fullmatch(value):
        real_date(f"{value}-01-01"[:10])
        return value
    return real_date(value)


FhirDate = Annotated[Annotated[Text, AfterValidator(_fhir_date)] | None, BlankIsAbsent]
FhirParts = Annotated[list[JsonObject], Field(max_length=MAX_ITEMS)]


class AddressIn(Body):
    """One address; blank parts are absent."""

    line: Annotated[list[OptionalShortText], Field(max_length=MAX_ITEMS)] | None = None
    city: OptionalShortText = None
    state: OptionalShortText = None
    postalCode: OptionalShortText = None  # noqa: N815 - FHIR's name
    country: OptionalShortText = None

    def fhir(self) -> dict[str, Any] | None:
        """As FHIR has it; None when nothing is given."""
        parts = self.model_dump(exclude_none=True)
        lines = [line for line in parts.pop("line", []) if line]
        return ({"line": lines} if lines else {}) | parts or None


class ContactIn(Body):
    """How to reach the patient; blank parts are absent."""

    phone: OptionalShortText = None
    email: OptionalShortText = None

    def fhir(self) -> list[dict[str, Any]]:
        return [{"system": system, "value": value} for system, value in self.model_dump(exclude_none=True).items()]


class DemographicsIn(Body):
    """Absent or empty means unchanged. Other fields, `id`, `meta` and `extension` among them, are ignored."""

    given_name: OptionalShortText = None
    family_name: OptionalShortText = None
    date_of_birth: BirthDate = None
    sex: Gender = None
    address: Annotated[AddressIn | FhirParts | None, BlankIsAbsent] = None
    contact: Annotated[ContactIn | None, BlankIsAbsent] = None

    name: Annotated[FhirParts | None, BlankIsAbsent] = None
    birthDate: FhirDate = None  # noqa: N815 - FHIR's name
    gender: Gender = None
    telecom: Annotated[FhirParts | None, BlankIsAbsent] = None
    identifier: Annotated[FhirParts | None, BlankIsAbsent] = None

    @classmethod
    def exactly(cls, body: bytes) -> "DemographicsIn":
        """A request's body that was found good, once more with the digits of its decimals: FHIR tells 0.10 from 0.1."""
        try:
            return cls.model_validate(parse(body))
        except NotJson as problem:
            raise invalid(("body",), str(problem)) from problem


class DemographicsOut(BaseModel):
    patient_id: str
    data: PatientOut


class DemographicsChangedOut(DemographicsOut):
    updated: Literal[True] = True
