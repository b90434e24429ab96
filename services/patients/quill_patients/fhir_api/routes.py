"""`/api/fhir/R4`: the routes, made of the table of interactions."""

from fastapi import APIRouter
from quill_common.audit.declared import Audited
from quill_common.fhir.outcome import FHIR_JSON
from quill_common.http.callers import Clinical

from quill_patients.fhir_api.capabilities import metadata
from quill_patients.fhir_api.door_route import DoorRoute
from quill_patients.fhir_api.interactions import INTERACTIONS, Interaction
from quill_patients.fhir_api.links import BASE

router = APIRouter(prefix=BASE, tags=["fhir"], route_class=DoorRoute, dependencies=[Clinical])

_FHIR = {"content": {FHIR_JSON: {"schema": {"type": "object"}}}}


def _register(each: Interaction) -> None:
    body = {name: {"schema": {"type": "array" if "patch" in name else "object"}} for name in each.body}
    router.add_api_route(
        each.path,
        each.handler,
        methods=[each.method],
        operation_id=each.operation_id,
        response_model=None,
        dependencies=[Audited(each.action), *each.guards],
        openapi_extra={"requestBody": {"required": True, "content": body}} if body else None,
        responses={200: _FHIR},
    )


for _each in INTERACTIONS:
    _register(_each)
router.add_api_route(
    "/metadata", metadata, methods=["GET"], operation_id="fhirMetadata", response_model=None, responses={200: _FHIR}
)
