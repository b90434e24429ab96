"""Criteria from parameters as they are typed: FHIR's own (R4, search) and those of `GET /api/patients`."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, cast, get_args

from quill_common.fhir.resource import is_fhir_id

from quill_patients.patient.fields import GENDERS
from quill_patients.search.columns import days_of
from quill_patients.search.wanted import (
    Active,
    Born,
    Criterion,
    DateBound,
    HasId,
    Identified,
    Match,
    Mentions,
    Named,
    NamePart,
    OfGender,
    Prefix,
    TimeBound,
    Token,
    Updated,
)
from quill_patients.search.words import fold

MAX_CRITERIA: Final = 20
MAX_ALTERNATIVES: Final = 50
MAX_LENGTH: Final = 200
MAX_TEXT: Final = 8000

_PREFIXES: Final = get_args(Prefix)
_MATCHES: Final[dict[str, Match]] = {"": "starts", "contains": "contains", "exact": "exact"}
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_VALUE: Final = re.compile(r"(?:\\.|[^\\,]|\\$)+", re.DOTALL)
_FIRST_BAR: Final = re.compile(r"((?:\\.|[^\\|]|\\$)*)(\|?)(.*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([\\,$|])")
_NHS_NUMBER: Final = re.compile(r"[0-9]{10}")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")


class BadParameter(ValueError):
    """A parameter that cannot be searched by. `name` as it was given, without its value, which may be a name."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self.message = message
        super().__init__(f"{name}: {message}")


def fhir_criteria(given: Iterable[tuple[str, str]]) -> tuple[Criterion, ...]:
    """Criteria of FHIR search parameters, in the order given: `[("family:exact", "Marsh"), ("birthdate", "ge1980")]`.

    Parameters that say nothing of the patient (`_count`, …) are the caller's to take out before. One without a value
    counts as absent. Raises BadParameter, also for a name or modifier that is unknown: a criterion that is left out
    shows more patients than were asked for.
    """
    return _limited(_criterion(*each) for each in given if each[1].strip())


def criteria_of(given: Iterable[tuple[str, str]]) -> tuple[Criterion, ...]:
    """The same for the words of `GET /api/patients`; `q` may give several."""
    criteria: list[Criterion] = []
    for name, text in given:
        if not text.strip():
            continue
        if name == "q":
            criteria += _mentions(_sound(name, text))
        else:
            criteria.append(_read(name, QUILL[name], "", text))
    return _limited(criteria)


def _limited(criteria: Iterable[Criterion]) -> tuple[Criterion, ...]:
    found: list[Criterion] = []
    for criterion in criteria:
        if len(found) == MAX_CRITERIA:
            raise BadParameter("search", f"must have at most {MAX_CRITERIA} criteria")
        found.append(criterion)
    return tuple(found)


def _criterion(given_name: str, text: str) -> Criterion:
    name, _, modifier = given_name.partition(":")
    if name not in FHIR:
        raise BadParameter(_shown(given_name), "is not a parameter that patients are searched by")
    return _read(name, FHIR[name], modifier, text)


def _read(name: str, reader: "Reading", modifier: str, text: str) -> Criterion:
    shown = f"{name}:{modifier}" if modifier else name
    if modifier and reader not in _STRINGS:
        raise BadParameter(_shown(shown), "takes no modifier")
    try:
        return reader(modifier, _alternatives(_sound(name, text)))
    except BadParameter:
        raise
    except ValueError as problem:
        raise BadParameter(_shown(shown), str(problem)) from problem


def _sound(name: str, text: str) -> str:
    """Text that PostgreSQL and UTF-8 can hold; U+FFFD stands for bytes that were not UTF-8."""
    if len(text) > MAX_TEXT:
        raise BadParameter(name, f"must have at most {MAX_TEXT} characters")
    if "\x00" in text:
        raise BadParameter(name, "must not contain NUL characters")
    if "\ufffd" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise BadParameter(name, "is not UTF-8")
    return text


def _shown(name: str) -> str:
    return name[:60].encode("utf-8", "replace").decode()


def _alternatives(text: str) -> list[str]:
    """The values between commas, each with its escapes still (R4, "Escaping Search Parameters")."""
    values = [value.strip() for value in _VALUE.findall(text) if value.strip()]
    if not 1 <= len(values) <= MAX_ALTERNATIVES:
        raise ValueError(f"must have 1 to {MAX_ALTERNATIVES} values")
    if any(len(value) > MAX_LENGTH for value in values):
        raise ValueError(f"must have values of at most {MAX_LENGTH} characters")
    return values


def _plain(value: str) -> str:
    return _ESCAPED.sub(r"\1", value)


def _ids(_: str, values: Sequence[str]) -> HasId:
    """What can be no id is no error: nothing has it."""
    return HasId(tuple(value for value in values if is_fhir_id(value)))


def _named(part: NamePart) -> "Reading":
    def read(modifier: str, values: Sequence[str]) -> Named:
        if modifier not in _MATCHES:
            raise ValueError("is not a modifier that can be used here")
        plain = tuple(_plain(value) for value in values)
        if modifier != "exact" and not all(fold(value) for value in plain):
            raise ValueError("must have a letter or a digit")
        return Named(part, _MATCHES[modifier], plain)

    return read


def _born(_: str, values: Sequence[str]) -> Born:
    return Born(tuple(_day_bound(*_prefixed(value)) for value in values))


def _day_bound(prefix: Prefix, text: str) -> DateBound:
    days = days_of(text)
    if days is None:
        raise ValueError("must be a year, a month or a day: YYYY, YYYY-MM or YYYY-MM-DD")
    return DateBound(prefix, *days)


def _updated(_: str, values: Sequence[str]) -> Updated:
    return Updated(tuple(_time_bound(*_prefixed(value)) for value in values))


def _updated_since(_: str, values: Sequence[str]) -> Updated:
    return Updated(tuple(_time_bound("ge", value) for value in values))


def _time_bound(prefix: Prefix, text: str) -> TimeBound:
    """The time that a text names: as long as its last part, a year or a millisecond. UTC where it names no zone."""
    try:
        return TimeBound(prefix, *_span(text))
    except (ValueError, OverflowError) as problem:
        raise ValueError("must be a date or a time as FHIR writes it: 2026-01-31, 2026-01-31T09:30:00Z") from problem


def _span(text: str) -> tuple[datetime, datetime]:
    days = days_of(text)
    if days is not None:
        return _midnight(days[0]), _midnight(days[1] + timedelta(days=1))
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError
    minute, seconds, fraction, zone = found.groups()
    start = datetime.fromisoformat(f"{minute}{seconds or ''}{fraction or ''}{(zone or 'Z').replace('Z', '+00:00')}")
    length = timedelta(minutes=1) if not seconds else timedelta(seconds=1) if not fraction else _digits(fraction)
    return start.astimezone(UTC), start.astimezone(UTC) + length


def _digits(fraction: str) -> timedelta:
    return timedelta(microseconds=10 ** (7 - len(fraction)))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _prefixed(value: str) -> tuple[Prefix, str]:
    """ "If no prefix is present, the prefix eq is assumed" (R4, search, prefixes)."""
    if value[:2] in _PREFIXES:
        return cast(Prefix, value[:2]), value[2:]
    if value[:2].isalpha():
        raise ValueError(f"must have no other prefix than {', '.join(_PREFIXES)}")
    return "eq", value


def _gender(_: str, values: Sequence[str]) -> OfGender:
    codes = [_token(value).value or "" for value in values]  # a system before the code changes nothing
    if not all(code.lower() in GENDERS for code in codes):
        raise ValueError(f"must be one of {', '.join(GENDERS)}")
    return OfGender(tuple(code.lower() for code in codes))


def _identified(_: str, values: Sequence[str]) -> Identified:
    return Identified(tuple(_token(value) for value in values))


def _token(value: str) -> Token:
    """`value`, `system|value`, `|value` (of no system) or `system|` (R4, search, token)."""
    system, bar, code = _FIRST_BAR.match(value).groups()  # type: ignore[union-attr]  # it matches every text
    if not bar:
        return Token(None, _plain(value))
    if not system and not code:
        raise ValueError("must have a system, a value or both")
    return Token(_plain(system), _plain(code) or None)


def _active(_: str, values: Sequence[str]) -> Active:
    if list(values) not in (["true"], ["false"]):
        raise ValueError("must be true or false")
    return Active(values[0] == "true")


def _mentions(text: str) -> list[Mentions]:
    """Its words; ten digits are one NHS number however they are spaced."""
    if len(text) > MAX_LENGTH:
        raise BadParameter("q", f"must have at most {MAX_LENGTH} characters")
    joined = "".join(text.split())
    words = [joined] if _NHS_NUMBER.fullmatch(joined) else [word for word in text.split() if fold(word)]
    if not words:
        raise BadParameter("q", "must have a letter or a digit")
    return [Mentions(_date_first(word)) for word in words]


def _date_first(word: str) -> str:
    """A day as it is written in Britain, 31/1/1980, as FHIR writes it; any other word as it is."""
    found = _DAY_FIRST.fullmatch(word)
    if not found:
        return word
    day, month, year = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


Reading = Callable[[str, Sequence[str]], Criterion]

_FAMILY, _GIVEN, _NAME = _named("family"), _named("given"), _named("name")
_STRINGS: Final = (_FAMILY, _GIVEN, _NAME)

FHIR: Final[dict[str, Reading]] = {
    "_id": _ids,
    "_lastUpdated": _updated,
    "birthdate": _born,
    "family": _FAMILY,
    "gender": _gender,
    "given": _GIVEN,
    "identifier": _identified,
    "name": _NAME,
}
"""The search parameters of R4 that patients are searched by."""

QUILL: Final[dict[str, Reading]] = {
    "active": _active,
    "birth_date": _born,
    "family": _FAMILY,
    "gender": _gender,
    "given": _GIVEN,
    "identifier": _identified,
    "name": _NAME,
    "updated_since": _updated_since,
}
"""Those of `GET /api/patients`, beside `q`."""
