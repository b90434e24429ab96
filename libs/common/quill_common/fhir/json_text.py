"""JSON to and from text without a change to any number: FHIR tells 0.10 from 0.1 (R4, datatypes, decimal)."""

import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import orjson

MAX_DEPTH: Final = 60
_SAFE_DIGITS: Final = 18  # every integer of so many digits fits 64 bits, sign included


class NotJson(ValueError):
    """The text is no JSON, or JSON that cannot be kept. Says why, never what it holds."""


def parse(text: str | bytes) -> Any:
    """The value of a JSON text. Decimals and huge integers are `orjson.Fragment`s of their own digits.

    Raises NotJson for anything else than JSON in UTF-8, and for an object that names a member twice.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
        return DECODER.decode(decoded)
    except NotJson:
        raise
    except UnicodeDecodeError as problem:
        raise NotJson("is not UTF-8") from problem
    except json.JSONDecodeError as problem:
        raise NotJson(f"is not JSON: {problem.msg} at line {problem.lineno}") from problem
    except RecursionError as problem:
        raise NotJson("is nested too deeply") from problem


def serialise(value: Any) -> str:
    """The JSON text of a value that `parse` gave, or that was built of plain values."""
    return orjson.dumps(value).decode()


def require_storable(value: Any, depth: int = 0) -> None:
    """Raise NotJson for text that PostgreSQL or UTF-8 cannot hold, and for too deep nesting."""
    if depth > MAX_DEPTH:
        raise NotJson("is nested too deeply")
    if isinstance(value, str):
        _require_storable_text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _require_storable_text(name)
            require_storable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            require_storable(inner, depth + 1)


def _require_storable_text(value: str) -> None:
    if "\x00" in value:
        raise NotJson("must not contain NUL characters")
    try:
        value.encode()
    except UnicodeEncodeError as problem:
        raise NotJson("must not contain half of a surrogate pair") from problem


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson("names a member twice")
    return members


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= _SAFE_DIGITS else orjson.Fragment(digits)


def _no_constant(_: str) -> NoReturn:
    raise NotJson("holds a number that JSON does not know")


DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_float=orjson.Fragment,
    parse_int=_integer,
    parse_constant=_no_constant,
)
