"""`metadata`: the CapabilityStatement, written from the tables by which the door works, so that it tells the truth."""

from typing import Any, Final

import orjson
from fastapi import Request, Response
from quill_common.fhir.outcome import FHIR_JSON

from quill_patients.fhir_api.interactions import INTERACTIONS
from quill_patients.fhir_api.links import base_of
from quill_patients.fhir_api.media import JSON_PATCH
from quill_patients.fhir_api.parameters import SEARCH_PARAMETERS
from quill_patients.patient.store import store_of

_DEFINED: Final = "http://hl7.org/fhir"
_SINCE: Final = "2026-11-21"
"""The day when what the statement says last changed."""


async def metadata(request: Request) -> Response:
    """What this server can do, for anybody."""
    statement = capability_statement(base_of(request), deletes=store_of(request).deletes)
    return Response(orjson.dumps(statement), media_type=FHIR_JSON)


def capability_statement(base: str, *, deletes: bool) -> dict[str, Any]:
    """`deletes` says whether the store does: a FHIR server of the site's own is asked for no deletion."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _SINCE,
        "kind": "instance",
        "software": {"name": "Quill"},
        "implementation": {"description": "Patients kept by Quill", "url": base},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json"],
        "patchFormat": [JSON_PATCH],
        "rest": [{"mode": "server", "security": _SECURITY, "resource": [_patient(deletes=deletes)]}],
    }


_SECURITY: Final = {
    "description": (
        "The access token of a Quill sign-in, as `Authorization: Bearer` or as the cookie with which browsers come;"
        " with the cookie what changes something carries X-CSRF-Token. Read and found are patients to whom the caller"
        " has access: the own record, those of the own organisations for level staff, those of a grant, all for admins."
        " Level staff writes, admins delete and create under ids of their choice."
    ),
}


def _patient(*, deletes: bool) -> dict[str, Any]:
    codes = list(dict.fromkeys(each.code for each in INTERACTIONS if each.code and (deletes or each.code != "delete")))
    return {
        "type": "Patient",
        "profile": f"{_DEFINED}/StructureDefinition/Patient",
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update" if "vread" in codes else "versioned",
        "readHistory": "vread" in codes,
        "updateCreate": "update" in codes,
        "conditionalCreate": "create" in codes,
        "conditionalRead": "not-supported",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [
            {"name": each.name, "type": each.kind, "documentation": each.documentation}
            for each in SEARCH_PARAMETERS.values()
        ],
        "operation": [
            {
                "name": each.operation,
                "definition": f"{_DEFINED}/OperationDefinition/Patient-{each.operation}",
                "documentation": "The patient and the Communications about it that the caller may read, by _count",
            }
            for each in INTERACTIONS
            if each.operation
        ],
    }
