"""Whether a resource is valid FHIR R4. It judges and changes nothing: what is stored is what came.

`fhir.resources` ships R4B, in which Patient and Communication have the elements, types and bindings of R4 (R4B
changed medication definitions, evidence and subscriptions: https://hl7.org/fhir/R4B/versions.html). Its models take
what pydantic can coerce, so the JSON types, empty parts and codes are looked at beside them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final

import orjson
from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from quill_common.fhir.json_text import NotJson, require_storable, serialise

MAX_PROBLEMS: Final = 20
_MESSAGE_LENGTH: Final = 200

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and with which element: `("name", 0, "family")`. Never quotes the content."""

    place: Place
    message: str

    def __str__(self) -> str:
        path = ".".join(str(part) for part in self.place)
        return f"{path}: {self.message}" if path else self.message


class InvalidResource(Exception):
    """A resource that is not valid; `problems` names the elements, at least one."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems[:MAX_PROBLEMS]
        super().__init__("; ".join(str(problem) for problem in self.problems))


def validate(resource: Any, resource_type: str) -> None:
    """Raise InvalidResource unless `resource`, as `json_text.parse` gives it, is a valid `resource_type`."""
    if not isinstance(resource, dict):
        raise InvalidResource([Problem((), "must be an object")])
    if resource.get("resourceType") != resource_type:
        raise InvalidResource([Problem(("resourceType",), f"must be {resource_type}")])
    try:
        require_storable(resource)
        text = serialise(resource)
    except (NotJson, TypeError) as problem:
        raise InvalidResource([Problem((), str(problem))]) from problem
    _refuse(_before_the_model(resource, ()))
    try:
        model = get_fhir_model_class(resource_type).model_validate_json(text, strict=True)
    except ValidationError as problem:
        raise InvalidResource([_problem(error) for error in problem.errors(include_url=False)]) from problem
    except (LookupError, TypeError, AttributeError) as problem:  # the models' own checks stumble over odd shapes
        raise InvalidResource([Problem((), f"cannot be read as FHIR {resource_type}")]) from problem
    _refuse(_beside_the_model(resource, model, ()))


def _refuse(found: Iterator[Problem]) -> None:
    problems = list(islice(found, MAX_PROBLEMS))
    if problems:
        raise InvalidResource(problems)


def _problem(error: Any) -> Problem:
    message = error["msg"].removeprefix("Value error, ")
    if "Any of one field value" in message:  # lists every type that an element may have
        message = "only one of the elements that exclude each other may be given"
    return Problem(tuple(error["loc"]), message[:_MESSAGE_LENGTH])


def _before_the_model(value: Any, place: Place) -> Iterator[Problem]:
    """Shapes that the models' own checks do not survive."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _before_the_model(inner, (*place, number))
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name == "resourceType" and not _is_resource_type(inner):
                yield Problem((*place, name), "must be the name of a FHIR resource")
            elif name.startswith("_") and not _is_extended(inner):
                yield Problem((*place, name), "must be an object with extensions, or an array of them")
            yield from _before_the_model(inner, (*place, name))


def _is_resource_type(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(get_fhir_model_class(value))
    except (KeyError, ValueError):
        return False


def _is_extended(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(item is None or isinstance(item, dict) for item in items)


def _beside_the_model(given: dict[str, Any], model: BaseModel, place: Place) -> Iterator[Problem]:
    elements = _elements(type(model))
    for name, value in given.items():
        if name in elements:
            attribute, codes = elements[name]
            yield from _element(value, getattr(model, attribute), codes, (*place, name))


def _element(value: Any, read: Any, codes: frozenset[str], place: Place) -> Iterator[Problem]:
    if value is None:
        yield Problem(place, "must not be null")
    elif value in ("", [], {}):
        yield Problem(place, "must not be empty")
    elif isinstance(read, BaseModel):
        yield from _beside_the_model(value, read, place)
    elif isinstance(read, list):
        for number, (inner, inner_read) in enumerate(zip(value, read, strict=True)):
            if inner is not None:  # stands for an item that has only an extension
                yield from _element(inner, inner_read, codes, (*place, number))
    elif not _has_json_type(value, read):
        yield Problem(place, "has the wrong JSON type")
    elif codes and value not in codes:
        yield Problem(place, f"must be one of {', '.join(sorted(codes))}")


def _has_json_type(value: Any, read: Any) -> bool:
    if isinstance(read, bool):
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if isinstance(read, (int, float)) or type(read).__name__ == "Decimal":
        return isinstance(value, (int, float, orjson.Fragment))
    return isinstance(value, str)


@cache
def _elements(model: type[BaseModel]) -> dict[str, tuple[str, frozenset[str]]]:
    """By the name in JSON: the attribute that holds an element, and the codes of its required binding."""
    elements = {}
    for attribute, field in model.model_fields.items():
        known = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        codes = known.get("enum_values") or ()
        # Typed as any JSON value; where it is given it is a list of codes.
        elements[field.alias or attribute] = (attribute, frozenset(str(code) for code in codes))  # type: ignore[union-attr]
    return elements
