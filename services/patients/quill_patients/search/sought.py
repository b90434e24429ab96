"""The terms that a criterion asks for: any one of them will do."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from quill_patients.search.columns import days_of
from quill_patients.search.terms import NAMES, birth_term, system_term, token_term, value_term, whole
from quill_patients.search.wanted import Criterion, Identified, Mentions, Named, NamePart, Token
from quill_patients.search.words import KEY_LENGTH, fold

_LETTERS: Final[dict[NamePart, str]] = {"name": "n", "family": NAMES["family"], "given": NAMES["given"]}
_WHOLE: Final[dict[NamePart, str]] = {"name": "FGN", "family": "F", "given": "G"}
_SPACED_NUMBER: Final = re.compile(r"[0-9]+(?:-[0-9]+)+")


@dataclass(frozen=True, slots=True)
class Sought:
    """A term, or with `begins` every term that begins so."""

    term: str
    begins: bool = False

    def found_in(self, terms: Sequence[str]) -> bool:
        return any(term.startswith(self.term) for term in terms) if self.begins else self.term in terms


def sought(criterion: Criterion) -> Sequence[Sought]:
    """Empty for a criterion that is not about terms."""
    match criterion:
        case Named(part, "starts", values):
            return [Sought(folded(part, value), begins=True) for value in values]
        case Named(part, "exact", values):
            return [Sought(whole(letter, value)) for value in values for letter in _WHOLE[part]]
        case Identified(values):
            return [Sought(_token(value)) for value in values]
        case Mentions(word):
            return list(_mentions(word))
        case _:
            return []


def folded(part: NamePart, value: str) -> str:
    """The beginning of the terms of that part that begin with `value`."""
    return _LETTERS[part] + fold(value)[:KEY_LENGTH]


def _token(token: Token) -> str:
    if token.value is None:
        return system_term(token.system or "")
    return value_term(token.value) if token.system is None else token_term(token.system, token.value)


def _mentions(word: str) -> Iterator[Sought]:
    yield Sought(value_term(word))
    if fold(word):
        yield Sought(folded("name", word), begins=True)
    if _SPACED_NUMBER.fullmatch(word):
        yield Sought(value_term(word.replace("-", "")))
    if days_of(word):
        yield Sought(birth_term(word), begins=True)
