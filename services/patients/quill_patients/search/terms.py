"""The terms that a patient is found by: short strings, one kind a letter, made alike of resources and of searches.

| term | what it says |
|---|---|
| `n`, `f`, `g` + folded text | a word of any name, of a family name, of a given name, with what follows it |
| `N`, `F`, `G` + text | a whole part, letter by letter: of prefix, suffix or text; family; given |
| `v` + value, `t` + system and value, `y` + system | an identifier |
| `b` + date | the birth date, as it is written |
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from quill_patients.patient.identifiers import MRN, OLD_MRN
from quill_patients.search.words import keys

MAX_TERMS: Final = 1000
"""Of one patient: a thousand of them fit what PostgreSQL holds of one row. What comes after is not found by."""

MAX_EXACT: Final = 200
"""Of characters in a value that is compared as a whole; longer text is found under its digest."""

NAMES: Final = {"family": "f", "given": "g", "prefix": "", "suffix": "", "text": ""}


def terms_of(resource: Mapping[str, Any]) -> list[str]:
    """Every term of a Patient, each once."""
    every = dict.fromkeys(_of_identifiers(resource))
    every.update(dict.fromkeys(_of_birth(resource)))
    every.update(dict.fromkeys(islice(_of_names(resource), 4 * MAX_TERMS)))
    return list(islice(every, MAX_TERMS))


def whole(kind: str, text: str) -> str:
    """The term of a text that is only ever compared as a whole."""
    return kind + (text if len(text) <= MAX_EXACT else "#" + sha256(text.encode()).hexdigest())


def quoted(term: str) -> str:
    """A term within the text of a tsvector or a tsquery."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def value_term(value: str) -> str:
    """An identifier's value, whatever its system. Without case, as R4 says of tokens: "When in doubt, servers SHOULD
    treat tokens in a case-insensitive manner, on the grounds that including undesired data has less safety implications
    than excluding desired behavior".
    """
    return whole("v", _value(value))


def birth_term(text: str) -> str:
    return whole("b", text)


def system_term(system: str) -> str:
    return whole("y", _system(system))


def token_term(system: str, value: str) -> str:
    """An identifier's system, empty for none, and value: the length keeps `a|b` + `c` from being `a` + `b|c`."""
    return whole("t", f"{len(_system(system))}|{_system(system)}|{_value(value)}")


def _of_identifiers(resource: Mapping[str, Any]) -> Iterator[str]:
    for identifier in islice(resource.get("identifier") or [], MAX_TERMS // 3):
        value, system = identifier.get("value"), identifier.get("system")
        if system:
            yield system_term(system)
        if value:
            yield value_term(value)
            yield token_term(system or "", value)


def _of_birth(resource: Mapping[str, Any]) -> Iterator[str]:
    if resource.get("birthDate"):
        yield birth_term(resource["birthDate"])


def _of_names(resource: Mapping[str, Any]) -> Iterator[str]:
    for name in resource.get("name") or []:
        for element, kind in NAMES.items():
            for part in _texts(name.get(element)):
                yield whole((kind or "n").upper(), part)
                for key in keys(part):
                    yield "n" + key
                    if kind:
                        yield kind + key


def _texts(value: Any) -> list[str]:
    """The strings of an element that is one or a list; an item that has only an extension is null."""
    return [text for text in (value if isinstance(value, list) else [value]) if text]


def _value(value: str) -> str:
    return " ".join(value.split()).casefold()


def _system(system: str) -> str:
    """The system of local hospital numbers has two names (contract 11.1)."""
    return MRN if system == OLD_MRN else system
