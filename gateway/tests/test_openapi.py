"""One document out of five, as a client of the gateway sees it."""

from typing import Any

import aiohttp
from quill_gateway.openapi import merge
from quill_gateway.testing.doubles import FakeService
from quill_gateway.testing.running import StartGateway

Document = dict[str, Any]


def service(paths: Document, schemas: Document | None = None, **more: Any) -> Document:
    return {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas or {}}} | more


def operation(schema: str | None = None, **more: Any) -> Document:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}} if schema else {}
    return {"responses": {"200": {"description": "Good", "content": content}}} | more


def schema_of(document: Document, path: str, method: str = "get") -> str:
    content = document["paths"][path][method]["responses"]["200"]["content"]
    return str(content["application/json"]["schema"]["$ref"]).rpartition("/")[2]


def test_only_what_the_gateway_lets_through_is_published() -> None:
    paths = {
        "/api/users": {"get": operation(), "delete": operation()},
        "/internal/events": {"get": operation()},
        "/api/organizations": {"get": operation()},
    }
    document = merge({"auth": service(paths)})
    assert set(document["paths"]) == {"/api/health", "/api/users"}
    assert set(document["paths"]["/api/users"]) == {"get"}
    assert document["x-quill-missing"] == ["orgs", "patients", "letters", "messaging"]


def test_components_with_the_same_content_are_shared_and_others_get_a_prefix() -> None:
    same, page = (
        {"type": "string"},
        {"type": "object", "properties": {"one": {"$ref": "#/components/schemas/Same"}}},
    )
    auth = service({"/api/users": {"get": operation("Page")}}, {"Same": same, "Page": page})
    orgs = service({"/api/organizations": {"get": operation("Page")}}, {"Same": same, "Page": {"type": "array"}})
    letters = service({"/api/patients/{patient_id}/letters": {"get": operation("Page")}}, {"Same": same, "Page": page})
    document = merge({"auth": auth, "orgs": orgs, "letters": letters})
    schemas = document["components"]["schemas"]
    assert schema_of(document, "/api/users") == "Page"
    assert schema_of(document, "/api/organizations") == "OrgsPage"
    assert schema_of(document, "/api/patients/{patient_id}/letters") == "Page"
    assert schemas["OrgsPage"] == {"type": "array"}
    assert set(schemas) == {"Same", "Page", "OrgsPage", "Health", "ServiceState"}


def test_what_refers_to_a_renamed_component_is_renamed_with_it() -> None:
    def document(leaf: Document, path: str) -> Document:
        node = {"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}}
        tree = {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}
        return service({path: {"get": operation("Tree")}}, {"Leaf": leaf, "Node": node, "Tree": tree})

    merged = merge(
        {
            "auth": document({"type": "string"}, "/api/users"),
            "orgs": document({"type": "integer"}, "/api/organizations"),
        }
    )
    schemas = merged["components"]["schemas"]
    assert schema_of(merged, "/api/organizations") == "OrgsTree"
    assert schemas["OrgsTree"]["items"] == {"$ref": "#/components/schemas/OrgsNode"}
    assert schemas["OrgsNode"]["items"] == {"$ref": "#/components/schemas/OrgsLeaf"}
    assert (schemas["OrgsLeaf"], schemas["Leaf"]) == ({"type": "integer"}, {"type": "string"})


def test_every_reference_leads_somewhere() -> None:
    node = {
        "properties": {"more": {"$ref": "#/components/schemas/Node"}},
        "discriminator": {"mapping": {"a": "#/components/schemas/Leaf"}},
    }
    document = merge(
        {"auth": service({"/api/users": {"get": operation("Node")}}, {"Node": node, "Leaf": {}, "Unused": {}})}
    )
    assert set(document["components"]["schemas"]) == {"Node", "Leaf", "Health", "ServiceState"}


def test_operations_are_described_as_a_client_uses_them() -> None:
    parameters = [
        {"name": "authorization", "in": "header"},
        {"name": "x-quill-refresh-token", "in": "header"},
        {"name": "id", "in": "path", "required": True},
        {"name": "Idempotency-Key", "in": "header"},
    ]
    paths = {
        "/api/organizations/{id}/patients": {"post": operation(parameters=parameters, security=[{"Bearer": []}])},
        "/api/auth/organizations": {"get": operation()},
    }
    document = merge({"orgs": service(paths)})
    add = document["paths"]["/api/organizations/{org_id}/patients"]["post"]
    assert [one.get("name", one.get("$ref")) for one in add["parameters"]] == [
        "org_id",
        "Idempotency-Key",
        "#/components/parameters/CsrfToken",
    ]
    assert add["security"] == [{"sessionCookie": []}]
    assert (add["x-quill-service"], add["x-quill-clinical"]) == ("orgs", True)
    public = document["paths"]["/api/auth/organizations"]["get"]
    assert public["security"] == []
    assert "parameters" not in public
    assert set(document["components"]["securitySchemes"]) == {"sessionCookie", "refreshCookie", "bearerToken"}
    assert set(document["components"]["parameters"]) == {"CsrfToken"}


async def test_the_document_is_put_together_from_the_running_services(
    client: aiohttp.ClientSession, services: dict[str, FakeService]
) -> None:
    services["auth"].openapi = service({"/api/users": {"get": operation()}}, tags=[{"name": "users"}])
    services["letters"].openapi = ["nonsense"]
    await services["orgs"].stop()
    answer = await client.get("/api/openapi.json")
    document = await answer.json()
    assert (answer.status, document["openapi"]) == (200, "3.1.0")
    assert set(document["paths"]) == {"/api/health", "/api/users"}
    assert [tag["name"] for tag in document["tags"]] == ["health", "users"]
    assert document["x-quill-missing"] == ["orgs", "patients", "letters", "messaging"]


async def test_outside_development_there_are_no_documents(start_gateway: StartGateway) -> None:
    for environment in ("production", "", "prodev"):
        url = await start_gateway(environment=environment)
        async with aiohttp.ClientSession(base_url=url) as client:
            for path in ("/api/openapi.json", "/api/docs", "/api/redoc", "/api/docs/assets/swagger-ui.css"):
                answer = await client.get(path)
                assert (answer.status, await answer.json()) == (404, {"detail": "Not Found"})
    url = await start_gateway(environment="DEVELOPMENT")
    async with aiohttp.ClientSession(base_url=url) as client:
        assert (await client.get("/api/openapi.json")).status == 200
