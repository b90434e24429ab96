"""The NHS number of a Patient resource: at most one, and nobody else's while the patient is there."""

from collections.abc import Mapping
from typing import Any, Final

from quill_common.http.errors import invalid

from quill_patients.patient.fields import nhs_number
from quill_patients.patient.identifiers import NHS_NUMBER

SEVERAL: Final = "more than one NHS number that is not old"


def current_numbers(resource: Mapping[str, Any]) -> list[str]:
    """The different NHS numbers that are not `old`, without spaces; what is no NHS number does not count."""
    numbers: dict[str, None] = {}
    for identifier in resource.get("identifier") or []:
        if identifier.get("system") == NHS_NUMBER and identifier.get("use") != "old":
            try:
                numbers[nhs_number(identifier.get("value") or "")] = None
            except ValueError:
                continue
    return list(numbers)


def has_several(resource: Mapping[str, Any]) -> bool:
    return len(current_numbers(resource)) > 1


def require_one_number(resource: Mapping[str, Any]) -> None:
    """Raise a 422 for several."""
    if has_several(resource):
        raise invalid("identifier", f"must not hold {SEVERAL}")


def number_key(resource: Mapping[str, Any]) -> dict[str, str | None]:
    """`nhs_number`. Of several, which only records of before may have, the first."""
    return {"nhs_number": next(iter(current_numbers(resource)), None)}
