"""The parameters of the door: one table, by which searches are read and the CapabilityStatement is written."""

from dataclasses import dataclass
from typing import Final

from quill_patients.search.parameters import FHIR


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One of R4's, as the CapabilityStatement tells it."""

    name: str
    kind: str
    documentation: str


_KNOWN: Final = (
    SearchParameter("_id", "token", "The logical id"),
    SearchParameter("_lastUpdated", "date", "When the present version was stored"),
    SearchParameter("birthdate", "date", "With eq, ne, lt, le, gt, ge, sa, eb; a year or a month stands for its days"),
    SearchParameter("family", "string", "A family name; :exact and :contains"),
    SearchParameter("gender", "token", "male, female, other or unknown"),
    SearchParameter("given", "string", "A given name; :exact and :contains"),
    SearchParameter("identifier", "token", "system|value, value, system| or |value"),
    SearchParameter("name", "string", "Any part of a name; :exact and :contains"),
)
SEARCH_PARAMETERS: Final = {known.name: known for known in _KNOWN if known.name in FHIR}

COUNT, TOTAL, CURSOR = "_count", "_total", "_cursor"
OF_RESULTS: Final = frozenset({COUNT, TOTAL, CURSOR})
OF_PAGES: Final = frozenset({COUNT, CURSOR})
EVERYWHERE: Final = frozenset({"_format", "_pretty"})
"""R4, http, "General parameters": taken with every interaction. `_pretty` changes nothing here."""

DEFAULT_COUNT: Final = 50
