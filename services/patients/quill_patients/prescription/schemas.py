"""Shapes of the prescription endpoint."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from quill_common.http.shapes import Answer, Body, Text

from quill_patients.patient.fields import fhir_id

MAX_TEXT: Final = 500
MAX_DAYS: Final = 365
"""Nobody prescribes for longer at once: a larger number is a slip of the hand. Good practice says 30, no law does."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


PatientId = Annotated[Text, AfterValidator(fhir_id)]
Prescribed = Annotated[Text, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_not_blank)]
Days = Annotated[int, Field(ge=1, le=MAX_DAYS, strict=True)]  # a dose for "7" or for true days is not what was meant


class PrescriptionIn(Body):
    """What is prescribed to whom. Texts are kept as they were written."""

    patient_id: PatientId
    medication: Prescribed
    dose: Prescribed
    duration_days: Days


class PrescriptionOut(Answer):
    """What was prescribed; `prescriber` is a username."""

    status: Literal["success"] = "success"
    prescription_id: Annotated[str, Field(pattern="^RX")]
    prescriber: str
    patient_id: str
    medication: str
    dose: str
    duration_days: int
