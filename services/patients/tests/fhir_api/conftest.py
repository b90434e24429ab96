from typing import Any, Protocol

import httpx
import pytest
from quill_common.testing.kit import Person, ServiceKit

BASE = "/api/fhir/R4"


class Door(Protocol):
    """Ask the door: `await door(person, "GET", "Patient/p-1")`."""

    async def __call__(
        self, person: Person | None, method: str, path: str, body: Any = ..., **headers: str
    ) -> httpx.Response: ...


@pytest.fixture
def door(kit: ServiceKit) -> Door:
    async def ask(person: Person | None, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        client = person.client if person else kit.anonymous
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes | str):
            kind = "application/json-patch+json" if method == "PATCH" else "application/fhir+json"
            sent = httpx.Request("POST", "http://x", json=body).content
            return await client.request(method, f"{BASE}/{path}", content=sent, headers={"Content-Type": kind, **given})
        return await client.request(method, f"{BASE}/{path}", content=body, headers=given)

    return ask


def outcome(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and text of a refusal, which must be a proper OperationOutcome."""
    assert response.headers["content-type"] == "application/fhir+json", response.text
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    issue = body["issue"][0]
    assert issue["severity"] == "error"
    return response.status_code, issue["code"], issue["details"]["text"]


def expressions(response: httpx.Response) -> list[str]:
    """The elements or parameters that an outcome names."""
    return [one for issue in response.json()["issue"] for one in issue.get("expression", issue.get("location", []))]


PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"family": "Marsh", "given": ["Edith"]}]}
