"""What a change of demographics makes of a Patient resource (contract 6.7). Pure functions."""

from collections.abc import Callable
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from quill_common.fhir.resource import Resource
from quill_common.fhir.validation import InvalidResource, validate
from quill_common.http.errors import invalid

from quill_patients.demographics.schemas import AddressIn, DemographicsIn
from quill_patients.patient.fields import nhs_number
from quill_patients.patient.identifiers import NHS_NUMBER, merge_identifiers
from quill_patients.patient.naming import set_official_name
from quill_patients.patient.resource import set_element

_CHECKED: Final = ("name", "telecom", "identifier", "address")

Parts = dict[str, Any]


def change_of(body: DemographicsIn) -> Callable[[Resource], None] | None:
    """What to do to the resource, None for nothing. Raises a 422 that names the element."""
    elements = _elements(body)
    _require_valid(elements)
    if not elements and body.given_name is None and body.family_name is None:
        return None

    def alter(resource: Resource) -> None:
        identifiers = elements.get("identifier")
        for name, value in elements.items():
            if name != "identifier":
                set_element(resource, name, value)
        if body.given_name is not None or body.family_name is not None:
            set_official_name(resource, body.given_name, body.family_name)
        if identifiers:
            merge_identifiers(resource, identifiers)

    return alter


def _elements(body: DemographicsIn) -> Parts:
    """The FHIR elements that are given, in one vocabulary. Quill's own field wins over FHIR's."""
    address = body.address
    if isinstance(address, AddressIn):
        one = address.fhir()
        addresses = [one] if one else None
    else:
        addresses = address
    elements = {
        "name": body.name,
        "birthDate": body.date_of_birth or body.birthDate,
        "gender": body.sex or body.gender,
        "address": addresses,
        "telecom": (body.contact.fhir() if body.contact else None) or body.telecom,
        "identifier": [_tidy(number, i) for number, i in enumerate(body.identifier or [])],
    }
    return {name: value for name, value in elements.items() if value}


def _tidy(number: int, identifier: Parts) -> Parts:
    if identifier.get("system") != NHS_NUMBER:
        return identifier
    value = identifier.get("value")
    try:
        return {**identifier, "value": nhs_number(value if isinstance(value, str) else "")}
    except ValueError as problem:
        raise invalid(("body", "identifier", number, "value"), str(problem)) from problem


def _require_valid(elements: Parts) -> None:
    """Only what is given is judged: what is stored already may be of an older standard."""
    given = {name: elements[name] for name in _CHECKED if name in elements}
    try:
        validate({"resourceType": "Patient", **given}, "Patient")
    except InvalidResource as problem:
        raise RequestValidationError(
            [{"type": "value_error", "loc": ("body", *p.place), "msg": p.message} for p in problem.problems]
        ) from problem
