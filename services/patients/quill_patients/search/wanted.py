"""What a list of patients is asked for: every criterion must hold, and of each one any of its values will do.

So FHIR has it (R4, search, "Composite search parameters"): a parameter that is repeated is AND, a comma is OR.
`parameters` makes criteria from text, `conditions` makes SQL of them, `matching` asks them of a resource.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

NamePart = Literal["name", "family", "given"]
"""`name` is any part: family, given, prefix, suffix and text."""

Match = Literal["starts", "contains", "exact"]
"""`starts`: the value starts some word, or goes on from it. `contains`: it is anywhere. Both without case and accents.

`exact`: it is the whole part, letter by letter.
"""

Prefix = Literal["eq", "ne", "lt", "le", "gt", "ge", "sa", "eb"]


@dataclass(frozen=True, slots=True)
class HasId:
    """The resource's own id."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """One of the values in that part of any name; values as they were given, not yet without case and accents."""

    part: NamePart
    match: Match
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DateBound:
    """The days of a date that was given in full or in part, both included, and how to compare with them."""

    prefix: Prefix
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Born:
    """A birth date that one of the bounds allows; a patient without one is never found."""

    bounds: tuple[DateBound, ...]


@dataclass(frozen=True, slots=True)
class TimeBound:
    """The time from `start`, included, to `end`, not included, and how to compare with it."""

    prefix: Prefix
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Updated:
    """`meta.lastUpdated` within one of the bounds."""

    bounds: tuple[TimeBound, ...]


@dataclass(frozen=True, slots=True)
class OfGender:
    """One of FHIR's four codes."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """`system` None: of any; empty: of none. `value` None: any value of that system."""

    system: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Identified:
    """One of the identifiers; values are compared without case."""

    values: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Active:
    """Whether Quill lists the patient: its metadata, not the resource's `active`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Mentions:
    """A word of a search box: it starts a word of a name, or is an identifier's value or (part of) a birth date."""

    word: str


Criterion = HasId | Named | Born | Updated | OfGender | Identified | Active | Mentions


@dataclass(frozen=True, slots=True)
class Wanted:
    """`everyone` lifts the restriction to the caller's own patients: only for callers that may see all.

    Deactivated patients are left out, unless `include_inactive`; `Active(False)` finds none without it.
    """

    everyone: bool = False
    include_inactive: bool = False
    criteria: tuple[Criterion, ...] = ()
