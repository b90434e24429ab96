"""The operations that auth publishes, as the contract names them."""

from typing import Any

from quill_common.testing.kit import ServiceKit

OPERATIONS = {
    ("post", "/api/auth/login"): ("login", "session", {"username", "password"}, {"totp_code"}),
    ("post", "/api/auth/register"): (
        "register",
        "session",
        {"username", "email", "password"},
        {"full_name", "organisation_id"},
    ),
    ("post", "/api/auth/refresh"): ("refreshSession", "session", set(), set()),
    ("post", "/api/auth/logout"): ("logout", "session", set(), set()),
    ("get", "/api/auth/me"): ("getMe", "session", set(), set()),
    ("get", "/api/users"): ("listUsers", "users", set(), set()),
    ("post", "/api/users"): (
        "createUser",
        "users",
        {"name", "email", "password"},
        {
            "username",
            "base_profession",
            "additional_competencies",
            "removed_competencies",
            "roles",
            "system_permissions",
        },
    ),
    ("get", "/api/users/{user_id}"): ("getUser", "users", set(), set()),
    ("patch", "/api/users/{user_id}"): (
        "updateUser",
        "users",
        set(),
        {
            "name",
            "username",
            "email",
            "password",
            "base_profession",
            "additional_competencies",
            "removed_competencies",
            "roles",
            "system_permissions",
        },
    ),
    ("patch", "/api/users/{user_id}/link-patient"): ("linkPatient", "users", {"fhir_patient_id"}, set()),
    ("get", "/api/cbac/my-competencies"): ("getMyCompetencies", "cbac", set(), set()),
    ("patch", "/api/cbac/my-competencies"): (
        "updateMyCompetencies",
        "cbac",
        set(),
        {"additional_competencies", "removed_competencies"},
    ),
}


async def test_the_published_operations_and_bodies_are_those_of_the_contract(kit: ServiceKit) -> None:
    document = kit.app.openapi()
    found = {
        (method, path): (operation["operationId"], operation["tags"][0], *_body(document, operation))
        for path, operations in document["paths"].items()
        if path.startswith("/api/")
        for method, operation in operations.items()
    }
    assert found == OPERATIONS


def _body(document: dict[str, Any], operation: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Required and optional fields of the request body."""
    if "requestBody" not in operation:
        return set(), set()
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    required = set(schema.get("required", ()))
    return required, set(schema["properties"]) - required
