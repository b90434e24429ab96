"""JSON Patch (RFC 6902) on a resource whose decimals keep their digits, bounded in what it may make."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
from jsonpatch import JsonPatch, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointerException
from quill_common.fhir.json_text import NotJson, require_storable
from quill_common.fhir.outcome import Issue
from quill_common.fhir.resource import Resource

from quill_patients.fhir_api.outcomes import NotFhir, NotProcessable

MAX_OPERATIONS: Final = 200
MAX_BYTES: Final = 1024 * 1024
"""Of the resource after each operation: `copy` into itself doubles it."""


class _Digits(Decimal):
    """A decimal that `test` compares as a number and that is written as it came."""

    text: str

    @classmethod
    def of(cls, fragment: orjson.Fragment) -> "_Digits":
        text = orjson.dumps(fragment).decode()
        digits = cls(text)
        digits.text = text
        return digits

    def __deepcopy__(self, _: Any) -> "_Digits":
        return self


def require_patch(document: Any) -> None:
    """Raises NotFhir unless `document`, as `json_text.parse` gives it, is a JSON Patch."""
    if not isinstance(document, list):
        raise _not_a_patch("must be an array of operations")
    if len(document) > MAX_OPERATIONS:
        raise _not_a_patch(f"must have at most {MAX_OPERATIONS} operations")
    try:
        require_storable(document)
        _operations(document)
    except NotJson as problem:
        raise _not_a_patch(str(problem)) from problem
    except (JsonPatchException, JsonPointerException, InvalidOperation, TypeError) as problem:
        raise _not_a_patch("holds something that is no operation of RFC 6902") from problem


def patched(resource: Resource, document: list[Any]) -> Any:
    """What the patch makes of `resource`, which need not be a resource. Raises NotProcessable."""
    value = _comparable(resource)
    for number, operation in enumerate(_operations(document)):
        try:
            value = operation.apply(value, in_place=True)
        except JsonPatchTestFailed as problem:
            raise _failed(number, "the test failed") from problem
        except (JsonPatchException, JsonPointerException, LookupError, TypeError, ValueError) as problem:
            raise _failed(number, "it cannot be applied to this resource") from problem
        _require_bounded(value, number)
    return _writable(value)


def _operations(document: list[Any]) -> list[JsonPatch]:
    """One patch for each operation, of new values: applying one changes what its later ones find in them."""
    return [JsonPatch([_comparable(one)]) for one in document]


def _require_bounded(value: Any, number: int) -> None:
    try:
        require_storable(value)
    except NotJson as problem:
        raise _failed(number, str(problem)) from problem
    if len(orjson.dumps(value, default=_written)) > MAX_BYTES:
        raise _failed(number, "the resource gets too large")


def _comparable(value: Any) -> Any:
    """With numbers in place of the fragments that hold their digits."""
    if isinstance(value, orjson.Fragment):
        return _Digits.of(value)
    if isinstance(value, dict):
        return {name: _comparable(inner) for name, inner in value.items()}
    return [_comparable(inner) for inner in value] if isinstance(value, list) else value


def _writable(value: Any) -> Any:
    """The way back."""
    if isinstance(value, _Digits):
        return _written(value)
    if isinstance(value, dict):
        return {name: _writable(inner) for name, inner in value.items()}
    return [_writable(inner) for inner in value] if isinstance(value, list) else value


def _written(digits: _Digits) -> orjson.Fragment:
    return orjson.Fragment(digits.text)


def _not_a_patch(text: str) -> NotFhir:
    return NotFhir([Issue("structure", f"The patch {text}")])


def _failed(number: int, text: str) -> NotProcessable:
    return NotProcessable([Issue("processing", f"Operation {number} of the patch: {text}")])
