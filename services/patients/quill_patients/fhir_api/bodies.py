"""Request bodies of the door, read strictly: numbers keep their digits, and no member is named twice."""

from typing import Any

from fastapi import Request
from quill_common.fhir.json_text import NotJson, parse
from quill_common.fhir.outcome import Issue
from quill_common.fhir.resource import Resource
from quill_common.fhir.validation import InvalidResource, validate

from quill_patients.fhir_api.media import PATCHES, RESOURCE, require_body
from quill_patients.fhir_api.outcomes import NotFhir, invalid_element
from quill_patients.fhir_api.patching import require_patch
from quill_patients.patient.store import RESOURCE_TYPE


async def patient_of(request: Request) -> Resource:
    """The valid Patient of a body. Raises UnsupportedMediaType, or NotFhir that names each bad element."""
    require_body(request, RESOURCE)
    resource = await _json(request)
    require_valid(resource)
    return resource  # type: ignore[no-any-return]  # `require_valid` has seen that it is an object


async def patch_of(request: Request) -> list[Any]:
    """The JSON Patch of a body. Raises UnsupportedMediaType or NotFhir."""
    require_body(request, PATCHES)
    document = await _json(request)
    require_patch(document)
    return document  # type: ignore[no-any-return]  # `require_patch` has seen that it is an array


def require_valid(resource: Any, kind: type[NotFhir] = NotFhir) -> None:
    """Raises `kind`, which names each bad element, unless it is a valid Patient."""
    try:
        validate(resource, RESOURCE_TYPE)
    except InvalidResource as problem:
        raise invalid_element(problem, kind) from problem


async def _json(request: Request) -> Any:
    try:
        return parse(await request.body())
    except NotJson as problem:
        raise NotFhir([Issue("structure", f"The body {problem}")]) from problem
