"""What R4 says of elements and the models do not check: JSON types, empty parts, codes, formats, references."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_args

import orjson
from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel

from quill_common.fhir.problems import MAX_PROBLEMS, Place, Problem

_NO_SPACE: Final = re.compile(r"\S+")
# The regular expressions of https://hl7.org/fhir/R4/datatypes.html that the models leave out, by the models' names.
_FORMATS: Final = {
    "Uri": _NO_SPACE,
    "Url": _NO_SPACE,
    "Canonical": _NO_SPACE,
    "Oid": re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
    "Uuid": re.compile(r"urn:uuid:[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
    "Id": re.compile(r"[A-Za-z0-9.-]{1,64}"),
    "Base64Binary": re.compile(r"[0-9a-zA-Z+/=\s]+"),
}
_RELATIVE: Final = re.compile(r"([A-Za-z]+)/[A-Za-z0-9.-]{1,64}(/_history/[A-Za-z0-9.-]{1,64})?")


@dataclass(frozen=True, slots=True)
class Element:
    """The attribute of a model that holds an element, the codes of its binding, its format, and whom it may name."""

    attribute: str
    codes: frozenset[str]
    format: re.Pattern[str] | None
    targets: frozenset[str]


def is_resource_type(name: Any) -> bool:
    try:
        return isinstance(name, str) and bool(get_fhir_model_class(name))
    except (KeyError, ValueError):
        return False


def check_elements(given: dict[str, Any], model: BaseModel, place: Place, found: list[Problem]) -> None:
    """Look at what is `given` beside what the model made of it; elements that R4 does not know are passed over."""
    elements = _elements(type(model))
    for name, value in given.items():
        element = elements.get(name)
        if element is not None and len(found) < MAX_PROBLEMS:
            read = getattr(model, element.attribute)
            if isinstance(value, list) and value and isinstance(read, list):
                _check_items(value, read, element, given.get(_beside(name)), (*place, name), found)
            else:
                _check(value, read, element, (*place, name), found)
    if type(model).__name__ == "Extension" and _has_value(given) == ("extension" in given):
        found.append(Problem(place, "must have either a value or extensions"))


def _check_items(
    value: list[Any], read: list[Any], element: Element, beside: Any, place: Place, found: list[Problem]
) -> None:
    for number, (inner, inner_read) in enumerate(zip(value, read, strict=True)):
        if inner is not None:
            _check(inner, inner_read, element, (*place, number), found)
        elif not (isinstance(beside, list) and number < len(beside) and beside[number] is not None):
            found.append(Problem((*place, number), "must not be null"))


def _beside(name: str) -> str:
    """What stands beside a primitive element, item by item: its extensions, and the other way round."""
    return name.removeprefix("_") if name.startswith("_") else f"_{name}"


def _check(value: Any, read: Any, element: Element, place: Place, found: list[Problem]) -> None:
    if value is None:
        found.append(Problem(place, "must not be null"))
    elif value in ("", [], {}):
        found.append(Problem(place, "must not be empty"))
    elif isinstance(read, BaseModel):
        check_elements(value, read, place, found)
        if element.targets and "reference" in value:
            _check_reference(value, element.targets, place, found)
    elif not _has_json_type(value, read):
        found.append(Problem(place, "has the wrong JSON type"))
    elif element.codes and value not in element.codes:
        found.append(Problem(place, f"must be one of {', '.join(sorted(element.codes))}"))
    elif element.format is not None and not element.format.fullmatch(value):
        found.append(Problem(place, "does not have the format of its type"))


def _check_reference(value: dict[str, Any], targets: frozenset[str], place: Place, found: list[Problem]) -> None:
    """Whom a relative reference names; others can name anything."""
    relative = _RELATIVE.fullmatch(value["reference"]) if isinstance(value["reference"], str) else None
    if relative is None:
        return
    if not is_resource_type(relative[1]) or ("Resource" not in targets and relative[1] not in targets):
        found.append(Problem((*place, "reference"), f"must refer to {' or '.join(sorted(targets))}"))


def _has_value(extension: dict[str, Any]) -> bool:
    return any(name.startswith(("value", "_value")) for name in extension)


def _has_json_type(value: Any, read: Any) -> bool:
    if isinstance(read, bool):
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if isinstance(read, (int, float)) or type(read).__name__ == "Decimal":
        return isinstance(value, (int, float, orjson.Fragment))
    return isinstance(value, str)


@cache
def _elements(model: type[BaseModel]) -> dict[str, Element]:
    """By the name in JSON."""
    elements = {}
    for attribute, field in model.model_fields.items():
        known: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        elements[field.alias or attribute] = Element(
            attribute,
            frozenset(known.get("enum_values") or ()),
            _format(field.annotation),
            frozenset(known.get("enum_reference_types") or ()),
        )
    return elements


def _format(annotation: Any) -> re.Pattern[str] | None:
    """The format of the primitive type that is somewhere inside the annotation."""
    for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        found = _FORMATS.get(type(part).__name__) or _format(part)
        if found is not None:
            return found
    return None
