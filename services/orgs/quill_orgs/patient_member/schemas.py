"""What goes in and out about patient membership."""

from typing import Annotated

from pydantic import StringConstraints
from quill_common.http.shapes import Answer, ExactBody, Text


class NewPatientMember(ExactBody):
    patient_id: Annotated[Text, StringConstraints(max_length=255)]


class PatientMemberAnswer(Answer):
    organisation_id: int
    patient_id: str
