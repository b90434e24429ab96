"""The query parameters by which `GET /api/patients` searches."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from quill_common.access.principal import Principal
from quill_common.http.errors import invalid
from quill_common.http.shapes import ADDITIVE

from quill_patients.search.parameters import BadParameter, criteria_of
from quill_patients.search.wanted import Active, Criterion, Wanted

Texts = list[str] | None
_SYSTEMS = "`value`, `system|value`, `|value` (without a system) or `system|` (any value)."
_DAYS = "`1980-02-29`, `1980-02` or `1980`, after `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `sa` or `eb`."
_WORDS = (
    "Words as typed into a search box. Each must start a word of the name, or be an identifier's value or the birth "
    "date (1980, 1980-02, 1980-02-29, 29/2/1980)."
)


def _text(description: str) -> Any:
    return Query(description=description, json_schema_extra=dict(ADDITIVE))


@dataclass(frozen=True, slots=True)
class Searched:
    """What is searched for, and the names of the parameters that said so."""

    criteria: tuple[Criterion, ...]
    names: tuple[str, ...]

    def wanted_by(self, caller: Principal, *, everyone: bool, include_inactive: bool) -> Wanted:
        """The list for this caller; only admins see more than their own patients, or deactivated ones."""
        if not caller.is_admin:
            return Wanted(criteria=tuple(each for each in self.criteria if not isinstance(each, Active)))
        return Wanted(everyone, include_inactive or Active(value=False) in self.criteria, self.criteria)


async def _searched(
    q: Annotated[Texts, _text(_WORDS)] = None,
    name: Annotated[Texts, _text("The beginning of a word of any name, or of several in a row.")] = None,
    family: Annotated[Texts, _text("The same for family names.")] = None,
    given: Annotated[Texts, _text("The same for given names.")] = None,
    birth_date: Annotated[Texts, _text(_DAYS)] = None,
    gender: Annotated[Texts, _text("`male`, `female`, `other` or `unknown`.")] = None,
    identifier: Annotated[Texts, _text(_SYSTEMS)] = None,
    active: Annotated[Texts, _text("`false`: deactivated patients alone; has effect for admins only.")] = None,
    updated_since: Annotated[Texts, _text("A date or an RFC 3339 time: records changed then or later.")] = None,
) -> Searched:
    """A parameter that is repeated must hold each time; of values between commas one is enough, except in `q`."""
    given_by_name = {
        "q": q,
        "name": name,
        "family": family,
        "given": given,
        "birth_date": birth_date,
        "gender": gender,
        "identifier": identifier,
        "active": active,
        "updated_since": updated_since,
    }
    pairs = [(key, text) for key, texts in given_by_name.items() for text in texts or () if text.strip()]
    try:
        return Searched(criteria_of(pairs), tuple(dict.fromkeys(key for key, _ in pairs)))
    except BadParameter as problem:
        raise invalid(("query", problem.name), problem.message) from problem


Search = Annotated[Searched, Depends(_searched)]
