"""Criteria as SQL on the row of a patient: a shape, of which there are few, and the values of its parameters.

A statement is built once for a shape and run for all values. All that is asked of names and identifiers is one
condition on `terms`, however many criteria there are, so that one look into the index answers it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    not_,
    or_,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from quill_patients.metadata.tables import PatientMetadata
from quill_patients.patient.tables import Patient
from quill_patients.search.sought import Sought, folded, sought
from quill_patients.search.terms import quoted
from quill_patients.search.wanted import Active, Born, Criterion, HasId, Named, OfGender, Updated, Wanted

Part = tuple[str, ...]
"""A condition without its values: its kind, and what else decides its text."""

_OF_METADATA: Final = ("active", "inactive")
_LONGEST: Final = timedelta(days=366)  # that a birth date can stand for: a year


@dataclass(frozen=True, slots=True)
class Shape:
    """All that the text of a statement depends on, beside who asks."""

    everyone: bool = False
    include_inactive: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def by_index(self) -> bool:
        """Whether what is found is to be found before it is sorted.

        PostgreSQL takes the beginning of a rare word for a common one, and would walk all patients in the list's order
        until it has met enough that match.
        """
        return any(part[0] in ("terms", "id") for part in self.parts)

    @property
    def finds_few(self) -> bool:
        """Whether whole terms are asked for, as identifiers are, and not only the beginnings of words."""
        return ("terms", "whole") in self.parts or ("id",) in self.parts


@dataclass(frozen=True, slots=True)
class Search:
    """A shape, and the values of its parameters."""

    shape: Shape
    values: dict[str, Any]


def search_for(wanted: Wanted) -> Search:
    """The search for `wanted`, with its criteria in one order, whatever order they came in: fewer shapes."""
    parts = sorted((_part(each) for each in wanted.criteria if not sought(each)), key=lambda part: part[0])
    asked = [terms for each in wanted.criteria if (terms := sought(each))]
    if asked:
        whole = any(not any(term.begins for term in terms) for terms in asked)
        parts.append((("terms", "whole" if whole else "begun"), (" & ".join(sorted(map(_query, asked))),)))
    values = {_name(n, m): value for n, (_, given) in enumerate(parts) for m, value in enumerate(given)}
    return Search(Shape(wanted.everyone, wanted.include_inactive, tuple(part for part, _ in parts)), values)


def conditions(shape: Sequence[Part], *, of_metadata: bool = True) -> Iterator[ColumnElement[bool]]:
    """The condition of each part, on `Patient` and the `PatientMetadata` that is there for inactive patients alone.

    Without `of_metadata` only those on `Patient`.
    """
    for number, part in enumerate(shape):
        if of_metadata or part[0] not in _OF_METADATA:
            yield _condition(number, part)


def _part(criterion: Criterion) -> tuple[Part, tuple[Any, ...]]:
    match criterion:
        case HasId(values):
            return ("id",), (list(values),)
        case OfGender(values):
            return ("gender", "one" if len(values) == 1 else "some"), (values[0] if len(values) == 1 else list(values),)
        case Active(value):
            return ("active" if value else "inactive",), ()
        case Born(bounds):
            days = (day for bound in bounds for day in (bound.first, bound.last, _reach(bound.first)))
            return ("born", *(bound.prefix for bound in bounds)), tuple(days)
        case Updated(bounds):
            times = (time for bound in bounds for time in (bound.start, bound.end))
            return ("updated", *(bound.prefix for bound in bounds)), tuple(times)
        case Named(part, _, values):
            return ("contains",), ([_pattern(folded(part, value)) for value in values],)
        case _:
            raise TypeError(type(criterion).__name__)  # every other is about terms


def _condition(number: int, part: Part) -> ColumnElement[bool]:
    match part:
        case ["terms", _]:
            return Patient.terms.op("@@", is_comparison=True)(cast(_value(number, 0, Text), TSQUERY))
        case ["id"]:
            return Patient.id == any_(_value(number, 0, ARRAY(Text)))
        case ["gender", "one"]:
            return Patient.gender == _value(number, 0, Text)
        case ["gender", _]:
            return Patient.gender == any_(_value(number, 0, ARRAY(Text)))
        case ["active"]:
            return PatientMetadata.patient_id.is_(None)
        case ["inactive"]:
            return PatientMetadata.patient_id.is_not(None)
        case ["born", *prefixes]:
            return or_(*(_born(number, 3 * at, prefix) for at, prefix in enumerate(prefixes)))
        case ["updated", *prefixes]:
            return or_(*(_updated(number, 2 * at, prefix) for at, prefix in enumerate(prefixes)))
        case ["contains"]:
            term = func.unnest(func.tsvector_to_array(Patient.terms)).column_valued("term")
            return exists().where(term.like(any_(_value(number, 0, ARRAY(Text)))))
        case _:
            raise ValueError(part[0])


def _born(number: int, at: int, prefix: str) -> ColumnElement[bool]:
    """`dates.allows` in SQL. A condition on `last` alone says too what follows for `first`, which has the index."""
    first, last, reach = (_value(number, at + n, Date) for n in range(3))
    contained = and_(Patient.born_first.between(first, last), Patient.born_last <= last)
    match prefix:
        case "eq":
            return contained
        case "ne":
            return not_(contained)
        case "lt":
            return Patient.born_first < first
        case "gt":
            return and_(Patient.born_last > last, Patient.born_first >= reach)
        case "le":
            return and_(or_(Patient.born_first < first, contained), Patient.born_first <= last)
        case "ge":
            return and_(or_(Patient.born_last > last, contained), Patient.born_first >= reach)
        case "sa":
            return Patient.born_first > last
        case "eb":
            return and_(Patient.born_last < first, Patient.born_first < first)
        case _:
            raise ValueError(prefix)


def _updated(number: int, at: int, prefix: str) -> ColumnElement[bool]:
    """`dates.allows_instant` in SQL."""
    start, end = (_value(number, at + n, DateTime(timezone=True)) for n in range(2))
    within = and_(Patient.last_updated >= start, Patient.last_updated < end)
    match prefix:
        case "eq":
            return within
        case "ne":
            return not_(within)
        case "lt" | "eb":
            return Patient.last_updated < start
        case "gt" | "sa":
            return Patient.last_updated >= end
        case "le":
            return Patient.last_updated < end
        case "ge":
            return Patient.last_updated >= start
        case _:
            raise ValueError(prefix)


def _query(terms: Sequence[Sought]) -> str:
    """`('nmarsh':* | 'vmarsh')`."""
    return f"({' | '.join(_one(term) for term in terms)})"


def _one(sought: Sought) -> str:
    return quoted(sought.term) + (":*" if sought.begins else "")


def _pattern(begin: str) -> str:
    """The LIKE pattern of terms of that kind with that text anywhere."""
    escaped = begin[1:].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{begin[0]}%{escaped}%"


def _reach(first: date) -> date:
    """The earliest first day of a date whose last day is `first` or later."""
    return max(first, date.min + _LONGEST) - _LONGEST


def _value(number: int, place: int, kind: Any) -> BindParameter[Any]:
    return bindparam(_name(number, place), type_=kind)


def _name(number: int, place: int) -> str:
    return f"asked_{number}_{place}"
