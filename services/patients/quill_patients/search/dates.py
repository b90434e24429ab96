"""How FHIR compares dates: both sides are ranges (R4, search, prefixes), here of days that are both included."""

from datetime import date, datetime

from quill_patients.search.wanted import DateBound, TimeBound


def allows(bound: DateBound, first: date, last: date) -> bool:
    """Whether a date that stands for the days from `first` to `last` is within `bound`."""
    contained = bound.first <= first and last <= bound.last
    match bound.prefix:
        case "eq":  # "the range of the search value fully contains the range of the target value"
            return contained
        case "ne":
            return not contained
        case "lt":  # "the range below the search value intersects … with the range of the target value"
            return first < bound.first
        case "gt":
            return last > bound.last
        case "le":  # lt, "or the range of the search value fully contains the range of the target value"
            return first < bound.first or contained
        case "ge":
            return last > bound.last or contained
        case "sa":  # "does not overlap …, and the range above the search value contains the range of the target value"
            return first > bound.last
        case "eb":
            return last < bound.first


def allows_instant(bound: TimeBound, at: datetime) -> bool:
    """The same of an instant, which is a range without extent: `sa` is `gt`, and `eb` is `lt`."""
    match bound.prefix:
        case "eq":
            return bound.start <= at < bound.end
        case "ne":
            return not bound.start <= at < bound.end
        case "lt" | "eb":
            return at < bound.start
        case "gt" | "sa":
            return at >= bound.end
        case "le":
            return at < bound.end
        case "ge":
            return at >= bound.start
