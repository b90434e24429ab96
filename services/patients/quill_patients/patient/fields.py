"""The fields that describe a patient in request bodies, and what they must be (contract 6.2)."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator
from quill_common.fhir.resource import is_fhir_id
from quill_common.http.shapes import BlankIsAbsent, Text

MAX_LENGTH: Final = 255
FIRST_BIRTH: Final = date(1850, 1, 1)
GENDERS: Final = ("male", "female", "other", "unknown")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NHS_NUMBER = re.compile(r"[0-9]{10}")


def short_text(value: str) -> str:
    """Trimmed, not blank, at most 255 characters."""
    value = value.strip()
    if not value:
        raise ValueError("must not be blank")
    if len(value) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    return value


def fhir_id(value: str) -> str:
    """An id as FHIR has them; whether it is anybody's is another question."""
    if not is_fhir_id(value):
        raise ValueError("must have 1 to 64 letters, digits, hyphens or dots")
    return value


def real_date(value: str) -> str:
    """`YYYY-MM-DD`, a day that exists, from 1850 to today."""
    value = value.strip()
    if not _DATE.fullmatch(value):
        raise ValueError("must have the form YYYY-MM-DD")
    try:
        day = date.fromisoformat(value)
    except ValueError as problem:
        raise ValueError("is not a real date") from problem
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # it is tomorrow already east of here
    if not FIRST_BIRTH <= day <= tomorrow:
        raise ValueError("must not be before 1850 or in the future")
    return value


def known_gender(value: str) -> str:
    """One of FHIR's four, in lower case."""
    value = value.strip().lower()
    if value not in GENDERS:
        raise ValueError(f"must be one of {', '.join(GENDERS)}")
    return value


def nhs_number(value: str) -> str:
    """Ten digits once spaces are removed."""
    value = "".join(value.split())
    if not _NHS_NUMBER.fullmatch(value):
        raise ValueError("must have 10 digits")
    return value


ShortText = Annotated[Text, AfterValidator(short_text)]
OptionalShortText = Annotated[ShortText | None, BlankIsAbsent]
BirthDate = Annotated[Annotated[Text, AfterValidator(real_date)] | None, BlankIsAbsent]
Gender = Annotated[Annotated[Text, AfterValidator(known_gender)] | None, BlankIsAbsent]
NhsNumber = Annotated[Annotated[Text, AfterValidator(nhs_number)] | None, BlankIsAbsent]
