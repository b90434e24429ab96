"""Criteria asked of one resource in memory: for a store that cannot search as Quill does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from quill_patients.search.columns import days_of
from quill_patients.search.dates import allows, allows_instant
from quill_patients.search.sought import folded, sought
from quill_patients.search.terms import terms_of
from quill_patients.search.wanted import Active, Born, Criterion, HasId, Named, OfGender, Updated, Wanted


@dataclass(frozen=True)
class Candidate:
    """A Patient resource as the store has it, and whether Quill lists it."""

    resource: Mapping[str, Any]
    is_active: bool = True

    @cached_property
    def terms(self) -> Sequence[str]:
        return terms_of(self.resource)

    @cached_property
    def days(self) -> tuple[date, date] | None:
        return days_of(self.resource.get("birthDate"))

    @cached_property
    def last_updated(self) -> datetime | None:
        text = (self.resource.get("meta") or {}).get("lastUpdated")
        return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def matches(wanted: Wanted, candidate: Candidate) -> bool:
    """Whether the list shows the candidate to somebody who may see it: this does not decide access."""
    return (candidate.is_active or wanted.include_inactive) and meets(wanted.criteria, candidate)


def meets(criteria: Iterable[Criterion], candidate: Candidate) -> bool:
    """Whether every criterion holds."""
    return all(_meets(criterion, candidate) for criterion in criteria)


def _meets(criterion: Criterion, candidate: Candidate) -> bool:
    match criterion:
        case HasId(values):
            return candidate.resource.get("id") in values
        case OfGender(values):
            return candidate.resource.get("gender") in values
        case Active(value):
            return candidate.is_active is value
        case Born(bounds):
            days = candidate.days
            return days is not None and any(allows(bound, *days) for bound in bounds)
        case Updated(bounds):
            at = candidate.last_updated
            return at is not None and any(allows_instant(bound, at) for bound in bounds)
        case Named(part, "contains", values):
            parts = [folded(part, value) for value in values]
            return any(t[:1] == p[0] and p[1:] in t[1:] for t in candidate.terms for p in parts)
        case _:
            return any(one.found_in(candidate.terms) for one in sought(criterion))
