"""Whether a resource is valid FHIR R4. It judges and changes nothing: what is stored is what came.

`fhir.resources` ships R4B, in which Patient and Communication have the elements, types and bindings of R4 (R4B
changed medication definitions, evidence and subscriptions: https://hl7.org/fhir/R4B/versions.html). Its models take
what pydantic can coerce and refuse what R4 does not know; we refuse the one and keep the other.
"""

import re
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from quill_common.fhir.elements import check_elements, is_resource_type
from quill_common.fhir.json_text import MAX_DEPTH, NotJson, parse, require_storable, serialise
from quill_common.fhir.problems import MAX_PROBLEMS, InvalidResource, Place, Problem, refuse

__all__ = ["MAX_PROBLEMS", "InvalidResource", "Problem", "validate"]

_MESSAGE_LENGTH: Final = 200
_UNKNOWN: Final = "extra_forbidden"
_ELEMENT_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9]*")


def validate(resource: Any, resource_type: str) -> None:
    """Raise InvalidResource unless `resource`, as `json_text.parse` gives it, is a valid `resource_type`.

    Elements that R4 does not know are as valid as any JSON, if their name may be an element's.
    """
    if not isinstance(resource, dict):
        raise InvalidResource([Problem((), "must be an object")])
    if resource.get("resourceType") != resource_type:
        raise InvalidResource([Problem(("resourceType",), f"must be {resource_type}")])
    found: list[Problem] = []
    text = _storable_text(resource)
    _check_shapes(resource, (), found)
    refuse(found)
    check_elements(resource, _read(text, resource_type), (), found)
    refuse(found)


def _storable_text(resource: dict[str, Any]) -> str:
    try:
        text = serialise(resource)
        if "\\u0000" in text:
            require_storable(resource)
        return text
    except TypeError as problem:
        raise InvalidResource([Problem((), _why_not_storable(resource))]) from problem
    except NotJson as problem:
        raise InvalidResource([Problem((), str(problem))]) from problem


def _why_not_storable(resource: dict[str, Any]) -> str:
    try:
        require_storable(resource)
    except NotJson as problem:
        return str(problem)
    return "cannot be written as JSON"


def _read(text: str, resource_type: str) -> BaseModel:
    """What the model makes of the text without the elements that it does not know."""
    model = get_fhir_model_class(resource_type)
    try:
        try:
            return model.model_validate_json(text, strict=True)
        except ValidationError as problem:
            return model.model_validate_json(_without_unknown(text, problem), strict=True)
    except ValidationError as problem:
        raise InvalidResource([_problem(error) for error in problem.errors(include_url=False)]) from problem
    except (LookupError, TypeError, AttributeError) as problem:  # the models' own checks stumble over odd shapes
        raise InvalidResource([Problem((), f"cannot be read as FHIR {resource_type}")]) from problem


def _without_unknown(text: str, problem: ValidationError) -> str:
    """Raises `problem` again, or InvalidResource, when anything else is wrong too."""
    errors = problem.errors(include_url=False)
    others = [_problem(error) for error in errors if error["type"] != _UNKNOWN]
    refuse(others)
    resource = parse(text)
    for error in errors:
        *outside, name = error["loc"]
        if not _ELEMENT_NAME.fullmatch(str(name)):
            raise InvalidResource([Problem(tuple(error["loc"]), "cannot be the name of an element")])
        holder = resource
        for part in outside:
            holder = holder[part]
        del holder[name]
    return serialise(resource)


def _problem(error: Any) -> Problem:
    message = error["msg"].removeprefix("Value error, ")
    if "Any of one field value" in message:  # lists every type that an element may have
        message = "only one of the elements that exclude each other may be given"
    return Problem(tuple(error["loc"]), message[:_MESSAGE_LENGTH])


def _check_shapes(value: dict[str, Any], place: Place, found: list[Problem]) -> None:
    """Shapes that the models' own checks do not survive."""
    if len(place) > MAX_DEPTH:
        raise InvalidResource([Problem((), "is nested too deeply")])
    for name, inner in value.items():
        if name == "resourceType" and not is_resource_type(inner):
            found.append(Problem((*place, name), "must be the name of a FHIR resource"))
        elif name.startswith("_") and not _is_extended(inner):
            found.append(Problem((*place, name), "must be an object with extensions, or an array of them"))
        if isinstance(inner, dict):
            _check_shapes(inner, (*place, name), found)
        elif isinstance(inner, list):
            _check_items(inner, (*place, name), found)


def _check_items(items: list[Any], place: Place, found: list[Problem]) -> None:
    if len(place) > MAX_DEPTH:
        raise InvalidResource([Problem((), "is nested too deeply")])
    for number, inner in enumerate(items):
        if isinstance(inner, dict):
            _check_shapes(inner, (*place, number), found)
        elif isinstance(inner, list):
            _check_items(inner, (*place, number), found)


def _is_extended(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(item is None or isinstance(item, dict) for item in items)
