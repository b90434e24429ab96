"""`/api/openapi.json`: one document of what all services publish and the gateway lets through."""

import asyncio
import re
from typing import Any, Final

from quill_common.topology import SERVICES, Service

from quill_gateway.components import Components
from quill_gateway.peers import Peers, PeerSilent, PeerUnreachable
from quill_gateway.routes import ROUTES, Caller, Route

Document = dict[str, Any]

_FETCH_SECONDS: Final = 5.0
_PARAMETER = re.compile(r"\{[^}]*\}")
_CSRF_PARAMETER: Final = {
    "name": "X-CSRF-Token",
    "in": "header",
    "required": True,
    "description": "Value of the XSRF-TOKEN cookie. Missing or wrong gives 403 `CSRF failed`.",
    "schema": {"type": "string"},
}
_SECURITY: Final[dict[Caller, list[Document]]] = {
    Caller.ANYONE: [],
    Caller.SIGNING_IN: [],
    Caller.SIGNED_IN: [{"sessionCookie": []}],
    Caller.BEARER_TOO: [{"sessionCookie": []}, {"bearerToken": []}],
    Caller.REFRESH_COOKIE: [{"refreshCookie": []}],
}
_SCHEMES: Final = {
    "sessionCookie": {"type": "apiKey", "in": "cookie", "name": "access_token"},
    "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
    "bearerToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}
_HEALTH: Final = {
    "operationId": "getHealth",
    "tags": ["health"],
    "summary": "State of the system and its stores",
    "x-quill-service": "gateway",
    "security": [],
    "responses": {
        "200": {
            "description": "Always 200, also when degraded.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}},
        }
    },
}
_STATE: Final = {
    "type": "object",
    "required": ["available"],
    "properties": {
        "available": {"type": "boolean"},
        "status_code": {"type": "integer"},
        "error": {
            "enum": [
                "Not provisioned",
                "Clinical services disabled",
                "unreachable",
                "timeout",
                "unexpected status",
            ]
        },
    },
}
_HEALTH_SCHEMAS: Final = {
    "ServiceState": _STATE,
    "Health": {
        "type": "object",
        "required": ["status", "services"],
        "properties": {
            "status": {"enum": ["healthy", "degraded"]},
            "services": {
                "type": "object",
                "required": ["auth_db", "fhir", "ehrbase"],
                "properties": {
                    name: {"$ref": "#/components/schemas/ServiceState"} for name in ("auth_db", "fhir", "ehrbase")
                },
                "additionalProperties": {"$ref": "#/components/schemas/ServiceState"},
            },
        },
    },
}


class MergedDocument:
    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def build(self) -> Document:
        """The merged document. Services that did not answer are named in `x-quill-missing`."""
        documents = await asyncio.gather(*(self._fetch(service) for service in SERVICES))
        found = {service: document for service, document in zip(SERVICES, documents, strict=True) if document}
        return merge(found)

    async def _fetch(self, service: Service) -> Document | None:
        try:
            status, document = await self._peers.get(service, "/openapi.json", seconds=_FETCH_SECONDS)
        except (PeerUnreachable, PeerSilent):
            return None
        return document if status == 200 and isinstance(document, dict) else None


def merge(documents: dict[Service, Document]) -> Document:
    components = Components({"schemas": _HEALTH_SCHEMAS})
    components.add_section("securitySchemes", _SCHEMES)
    components.add_section("parameters", {"CsrfToken": _CSRF_PARAMETER})
    paths: dict[str, Document] = {"/api/health": {"get": _HEALTH}}
    tags: dict[str, Document] = {"health": {"name": "health", "description": "Aggregate of the gateway"}}
    for service, original in documents.items():
        document = components.take(service, original)
        for route in (route for route in ROUTES if route.service == service):
            operation = _find(document, route)
            if operation is not None:
                paths.setdefault(route.path, {})[route.method.lower()] = _public(operation, route)
        for tag in document.get("tags", ()):
            tags.setdefault(tag["name"], tag)
    merged: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Quill public API",
            "version": "1.0.0",
            "summary": "Accounts, organisations, patients, letters and messaging behind one gateway.",
        },
        "tags": list(tags.values()),
        "paths": paths,
        "components": components.used_by(paths),
    }
    missing = [service for service in SERVICES if service not in documents]
    return merged | ({"x-quill-missing": missing} if missing else {})


def _find(document: Document, route: Route) -> Document | None:
    """The operation of `route`, whatever the service calls the parameters of its path."""
    shape = _PARAMETER.sub("{}", route.path)
    for path, item in document.get("paths", {}).items():
        operation = item.get(route.method.lower())
        if operation is not None and _PARAMETER.sub("{}", path) == shape:
            names = dict(zip(_PARAMETER.findall(path), _PARAMETER.findall(route.path), strict=True))
            shared = item.get("parameters", [])
            parameters = [_renamed(one, names) for one in [*shared, *operation.get("parameters", [])]]
            return dict(operation) | {"parameters": parameters}
    return None


def _renamed(parameter: Document, names: dict[str, str]) -> Document:
    if parameter.get("in") != "path":
        return parameter
    name = names.get(f"{{{parameter['name']}}}") or str(parameter["name"])
    return dict(parameter) | {"name": name.strip("{}")}


def _public(operation: Document, route: Route) -> Document:
    """The operation as a client of the gateway sees it."""
    parameters = [one for one in operation["parameters"] if not _is_internal(one)]
    if route.csrf:
        parameters.append({"$ref": "#/components/parameters/CsrfToken"})
    public = dict(operation) | {"x-quill-service": route.service, "security": _SECURITY[route.caller]}
    public["parameters"] = parameters
    if route.clinical:
        public["x-quill-clinical"] = True
    if not parameters:
        del public["parameters"]
    return public


def _is_internal(parameter: Document) -> bool:
    name = str(parameter.get("name", "")).lower()
    return parameter.get("in") == "header" and (
        name in {"authorization", "cookie", "x-csrf-token"} or name.startswith("x-quill-")
    )
