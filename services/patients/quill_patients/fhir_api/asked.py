"""What the parameters of a request ask for: criteria, a page of results, and what of it was understood."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from quill_common.http.paging import MAX_LIMIT, Page

from quill_patients.fhir_api.media import FORM, UnknownParameters, is_strict, require_body
from quill_patients.fhir_api.outcomes import invalid_parameter
from quill_patients.fhir_api.parameters import COUNT, CURSOR, DEFAULT_COUNT, EVERYWHERE, OF_PAGES, OF_RESULTS, TOTAL
from quill_patients.search.parameters import FHIR, BadParameter, fhir_criteria
from quill_patients.search.wanted import Criterion

Pairs = Sequence[tuple[str, str]]
Known = Callable[[str], bool]

MAX_PARAMETERS: Final = 100
_MAX_CURSOR: Final = 4000


@dataclass(frozen=True, slots=True)
class Asked:
    """`understood` are the parameters that were followed, for the links; `count` 0 asks for the total alone."""

    criteria: tuple[Criterion, ...]
    count: int
    cursor: str | None
    with_total: bool
    understood: Pairs

    @property
    def page(self) -> Page:
        return Page(self.count, self.cursor)

    @property
    def names(self) -> list[str]:
        """Of the search parameters, without their modifiers and values."""
        return sorted({name.partition(":")[0] for name, _ in self.understood if name not in OF_RESULTS})

    def at(self, cursor: str) -> Pairs:
        """The parameters of another page."""
        return [*(pair for pair in self.understood if pair[0] != CURSOR), (CURSOR, cursor)]


async def search_asked(request: Request) -> Asked:
    """A search, by GET or by POST to `_search`, whose body adds to the query. Raises NotFhir and UnknownParameters."""
    given = list(_query(request))
    if request.method == "POST":
        require_body(request, FORM)
        given += _pairs(await request.body())
    understood = _understood(request, given, lambda name: name in OF_RESULTS or name.partition(":")[0] in FHIR)
    return _asked(understood, criteria_of([pair for pair in understood if pair[0] not in OF_RESULTS]))


def page_asked(request: Request) -> Asked:
    """The page of a history or of `$everything`: `_count` and the links' own cursor."""
    return _asked(_understood(request, _query(request), OF_PAGES.__contains__), ())


def condition_of(lines: Sequence[str]) -> tuple[Criterion, ...]:
    """The criteria of an `If-None-Exist` header. Nothing in it is ignored: that would match others than were meant."""
    if len(lines) != 1:
        raise invalid_parameter("If-None-Exist", "must not be repeated")
    pairs = _pairs(lines[0].rpartition("?")[2].encode("latin-1"), "If-None-Exist")
    conditions = [pair for pair in pairs if pair[0] not in EVERYWHERE]
    if any(not value.strip() for _, value in conditions):
        raise invalid_parameter("If-None-Exist", "must have a value for each search parameter")
    criteria = criteria_of(conditions)
    if not criteria:
        raise invalid_parameter("If-None-Exist", "must have at least one search parameter")
    return criteria


def require_no_condition(request: Request) -> None:
    """Refuse a creation with search parameters in its address: ignored, it would make a second record."""
    if any(name not in EVERYWHERE for name, _ in _query(request)):
        raise invalid_parameter("query", "a condition for a creation goes into the header If-None-Exist")


def criteria_of(pairs: Pairs) -> tuple[Criterion, ...]:
    """Raises NotFhir that names the parameter."""
    try:
        return fhir_criteria(pairs)
    except BadParameter as problem:
        raise invalid_parameter(problem.name, problem.message) from problem


def _understood(request: Request, given: Pairs, known: Known) -> Pairs:
    """Those that are followed. Others are ignored, or with strict handling refused."""
    others = [name for name, _ in given if not known(name) and name not in EVERYWHERE]
    if others and is_strict(request):
        raise UnknownParameters(others)
    return [(name, value) for name, value in given if known(name) and value.strip()]


def _asked(understood: Pairs, criteria: tuple[Criterion, ...]) -> Asked:
    total = _only(understood, TOTAL)
    if total not in {None, "none", "estimate", "accurate"}:
        raise invalid_parameter(TOTAL, "must be none, estimate or accurate")
    count, cursor = _count(_only(understood, COUNT)), _only(understood, CURSOR)
    if cursor is not None and len(cursor) > _MAX_CURSOR:
        raise invalid_parameter(CURSOR, "is not one of ours")
    return Asked(criteria, count, cursor, count == 0 or total in {"estimate", "accurate"}, understood)


def _count(text: str | None) -> int:
    """R4: a server may send fewer than were asked for, never more."""
    if text is None:
        return DEFAULT_COUNT
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid_parameter(COUNT, "must be a whole number from 0")
    return min(int(text), MAX_LIMIT)


def _only(pairs: Pairs, name: str) -> str | None:
    values = [value for key, value in pairs if key == name]
    if len(values) > 1:
        raise invalid_parameter(name, "must not be repeated")
    return values[0] if values else None


def _query(request: Request) -> Pairs:
    return _pairs(request.scope["query_string"])


def _pairs(text: bytes, name: str = "query") -> Pairs:
    try:
        return parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as problem:
        raise invalid_parameter(name, f"must have at most {MAX_PARAMETERS} parameters") from problem
