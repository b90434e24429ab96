"""The columns that searches look at, made of a resource."""

import calendar
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from quill_patients.search.terms import quoted, terms_of

_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def search_columns(resource: Mapping[str, Any]) -> dict[str, Any]:
    """`terms` as PostgreSQL writes a tsvector, the first and last day that the birth date can be, and the gender."""
    first, last = days_of(resource.get("birthDate")) or (None, None)
    return {
        "terms": " ".join(quoted(term) for term in terms_of(resource)),
        "born_first": first,
        "born_last": last,
        "gender": resource.get("gender"),
    }


def days_of(text: str | None) -> tuple[date, date] | None:
    """The days of a date that names a year, a month or a day (FHIR R4, date), both included; None for anything else."""
    found = _DATE.fullmatch(text or "")
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return first, first
    last_month = month or 12
    return first, date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])
