"""An act and its record commit together or not at all; what cannot be recorded is not done."""

from typing import Any

import pytest
from quill_auth.testing.people import PASSWORD
from quill_auth.testing.scene import GUESS, Scene

NEW = {"username": "new", "name": "New", "email": "new@example.org", "password": PASSWORD}
STATE = """
SELECT (SELECT json_agg(u ORDER BY id) FROM users u)::text AS users,
    (SELECT json_agg(s ORDER BY id) FROM session s)::text AS sessions, (SELECT count(*) FROM outbox) AS events
"""

ACTS: list[tuple[str, str, str, Any, str]] = [
    ("POST", "/api/auth/login", "ada", {"username": "{name}", "password": PASSWORD}, "session"),
    ("POST", "/api/auth/logout", "ada", None, "session"),
    ("DELETE", "/api/auth/sessions/{session}", "ada", None, "session"),
    ("DELETE", "/api/users/{id}/sessions", "admin", None, "session"),
    ("DELETE", "/internal/users/{id}/sessions", "operator", None, "session"),
    ("POST", "/api/auth/register", "ada", NEW, "users"),
    ("POST", "/api/users", "admin", NEW, "users"),
    ("POST", "/internal/users", "operator", NEW, "users"),
    ("PATCH", "/api/users/{id}", "admin", {"system_permissions": "admin"}, "users"),
    ("PUT", "/internal/users/{id}/roles", "operator", {"roles": ["Clinician"]}, "outbox"),
    ("POST", "/api/users/{id}/deactivate", "admin", None, "users"),
    ("POST", "/internal/users/{id}/deactivate", "operator", None, "users"),
    ("PATCH", "/api/users/{id}/link-patient", "admin", {"fhir_patient_id": "p-1"}, "users"),
    ("PATCH", "/api/cbac/my-competencies", "admin", {"removed_competencies": ["certify_death"]}, "users"),
    ("POST", "/api/auth/change-password", "ada", {"current_password": PASSWORD, "new_password": GUESS}, "users"),
    ("POST", "/api/auth/totp/setup", "ada", None, "users"),
    ("POST", "/internal/users/{id}/reset-totp", "operator", None, "users"),
]


@pytest.mark.parametrize(("method", "path", "by", "body", "table"), ACTS)
async def test_both_or_neither(scene: Scene, method: str, path: str, by: str, body: Any, table: str) -> None:
    await scene.kit.patient("p-1")
    filled = path.format(id=scene.ada.id, session=await scene.people.session_of(scene.ada))
    if body and body.get("username") == "{name}":
        body = {**body, "username": scene.ada.username}
    before = await scene.kit.read(STATE)
    for failing in (table, "audit_entry"):
        async with scene.kit.failing_commits(failing):
            response = await scene.client(by).request(method, filled, json=body)
        assert response.status_code == 503, response.text
        assert "set-cookie" not in response.headers
        assert await scene.kit.read(STATE) == before
        await scene.left()
    response = await scene.client(by).request(method, filled, json=body)
    assert response.status_code == 200, response.text
    assert await scene.kit.read(STATE) != before
    assert len(await scene.kit.audited()) > scene.seen


async def test_a_refusal_that_cannot_be_recorded_tells_nothing(scene: Scene) -> None:
    async with scene.kit.failing_commits("audit_entry"):
        answers = [await scene.people.login(name, GUESS) for name in (scene.ada.username, "nobody")]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (503, b'{"detail":"Service temporarily unavailable"}')
    }
    await scene.left()
