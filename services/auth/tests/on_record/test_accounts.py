"""New and changed accounts, their rights, and who looked at them, on record."""

from typing import Any

import pytest
from quill_auth.testing.people import PASSWORD
from quill_auth.testing.scene import NAME, Scene


async def test_a_registration(scene: Scene) -> None:
    body = {"username": "new", "email": "new@example.org", "password": PASSWORD, "full_name": NAME}
    assert (await scene.kit.anonymous.post("/api/auth/register", json=body)).status_code == 200
    assert (await scene.kit.anonymous.post("/api/auth/register", json=body)).status_code == 400
    [made] = await scene.kit.read("SELECT id FROM users WHERE username = 'new'")
    rights = {"level": "patient", "roles": [], "base_profession": "patient", "high_risk": []}
    await scene.left(await scene.entry("user.create", None, made["id"], details=rights))


@pytest.mark.parametrize(("path", "by"), [("/api/users", "admin"), ("/internal/users", "operator")])
async def test_a_created_account(scene: Scene, path: str, by: str) -> None:
    rights = {"base_profession": "healthcare_assistant", "roles": ["Patient Advocate"]}
    given = {"system_permissions": "staff", "additional_competencies": ["manage_users", "request_plain_xray"], **rights}
    body = {"name": NAME, "username": "new", "email": "new@example.org", "password": PASSWORD, **given}
    made = (await scene.client(by).post(path, json=body)).json()["id"]
    details = {"level": "staff", **rights, "high_risk": ["manage_users"]}
    await scene.left(await scene.entry("user.create", by, made, details=details))


async def test_a_change_of_everything(scene: Scene) -> None:
    rights = {"system_permissions": "admin", "roles": ["Clinician"], "base_profession": "healthcare_assistant"}
    lists = {"additional_competencies": ["manage_users"], "removed_competencies": ["perform_venepuncture"]}
    person = {"username": "countess", "name": NAME + " King", "email": "c@example.org", "password": PASSWORD + "!"}
    had = set((await scene.ada.client.get("/api/cbac/my-competencies")).json()["final_competencies"])
    body = {**rights, **lists, **person}
    assert (await scene.admin.client.patch(f"/api/users/{scene.ada.id}", json=body)).status_code == 200
    details = (await scene.kit.audited())[-2]["details"]
    withdrawn = details["withdrawn"]
    assert set(withdrawn) == had - {"access_patient_records", "manage_users"}
    assert (withdrawn["certify_death"], withdrawn["modify_patient_records"]) == ("high", "medium")
    assert {name: value for name, value in details.items() if name != "withdrawn"} == {
        "fields": sorted(body),
        "level": {"from": "staff", "to": "admin"},
        "roles": {"from": [], "to": ["Clinician"]},
        "granted": {"manage_users": "high"},
    }
    await scene.left(
        await scene.entry("user.update", "admin", scene.ada.id, details=details),
        await scene.ended("admin", "password set", scene.ada),
    )


async def test_a_change_of_nothing(scene: Scene) -> None:
    assert (await scene.admin.client.patch(f"/api/users/{scene.ada.id}", json={})).status_code == 200
    await scene.left(await scene.entry("user.update", "admin", scene.ada.id, details={"unchanged": True}))


async def test_roles_from_the_command_line(scene: Scene) -> None:
    for _ in range(2):
        path = f"/internal/users/{scene.ada.id}/roles"
        assert (await scene.client("operator").put(path, json={"roles": ["Clinician"]})).status_code == 200
    details = {"fields": ["roles"], "roles": {"from": [], "to": ["Clinician"]}}
    await scene.left(
        await scene.entry("user.update", "operator", scene.ada.id, details=details),
        await scene.entry("user.update", "operator", scene.ada.id, details={"unchanged": True}),
    )


@pytest.mark.parametrize(("prefix", "by"), [("/api/users", "admin"), ("/internal/users", "operator")])
async def test_switching_off_and_on(scene: Scene, prefix: str, by: str) -> None:
    for how in ("deactivate", "deactivate", "activate"):
        assert (await scene.client(by).post(f"{prefix}/{scene.ada.id}/{how}")).status_code == 200
    await scene.left(
        await scene.ended(by, "deactivated", scene.ada),
        await scene.entry("user.deactivate", by, scene.ada.id),
        await scene.entry("user.deactivate", by, scene.ada.id, details={"unchanged": True}),
        await scene.entry("user.activate", by, scene.ada.id),
    )


async def test_a_link_to_a_patient_and_its_change(scene: Scene) -> None:
    path = f"/api/users/{scene.ada.id}/link-patient"
    for patient in ("p-1", "p-2", "gone"):
        if patient != "gone":
            await scene.kit.patient(patient)
        await scene.admin.client.patch(path, json={"fhir_patient_id": patient})
    await scene.left(
        await scene.entry("user.link", "admin", scene.ada.id, patient_id="p-1"),
        await scene.entry("user.link", "admin", scene.ada.id, patient_id="p-2", patient_ids=["p-1"]),
        await scene.refusal("user.link", "admin", scene.ada.id, patient_id="gone", details={"status": 404}),
    )


async def test_changes_of_ones_own_competencies_with_their_risks(scene: Scene) -> None:
    additional = {"additional_competencies": ["manage_teaching_content"]}
    removed = {"removed_competencies": ["certify_death", "perform_venepuncture"]}
    for body in (additional, removed, {}):
        assert (await scene.admin.client.patch("/api/cbac/my-competencies", json=body)).status_code == 200
    withdrawn = {"certify_death": "high", "perform_venepuncture": "low"}
    for_each = (
        {"fields": ["additional_competencies"], "granted": {"manage_teaching_content": "medium"}},
        {"fields": ["removed_competencies"], "withdrawn": withdrawn},
        {"unchanged": True},
    )
    left = [await scene.entry("competencies.update", "admin", scene.admin.id, details=each) for each in for_each]
    await scene.left(*left)


async def test_who_looked_at_accounts(scene: Scene) -> None:
    await scene.kit.patient("p-1")
    for path in (f"/api/users/{scene.ada.id}", "/api/users", "/api/users?patient_id=p-1"):
        assert (await scene.admin.client.get(path)).status_code == 200
    assert (await scene.client("operator").get(f"/internal/users?called={scene.ada.username}")).status_code == 200
    await scene.left(
        await scene.entry("user.read", "admin", scene.ada.id),
        await scene.entry("user.list", "admin", None, details={"shown": 2}),
        await scene.entry("care_team.list", "admin", None, patient_id="p-1", details={"shown": 0}),
        await scene.entry("user.list", "operator", None, details={"shown": 1}),
    )


@pytest.mark.parametrize(
    ("method", "path", "action", "more"),
    [
        ("GET", "/api/users", "user.list", {}),
        ("GET", "/api/users?patient_id=p-1", "care_team.list", {"patient_id": "p-1"}),
        ("POST", "/api/users", "user.create", {}),
        ("GET", "/api/users/{id}", "user.read", {}),
        ("PATCH", "/api/users/{id}", "user.update", {}),
        ("PATCH", "/api/users/{id}/link-patient", "user.link", {}),
        ("POST", "/api/users/{id}/deactivate", "user.deactivate", {}),
        ("POST", "/api/users/{id}/activate", "user.activate", {}),
        ("GET", "/api/users/{id}/sessions", "session.list", {}),
        ("DELETE", "/api/users/{id}/sessions", "session.end", {}),
        ("DELETE", "/api/users/{id}/sessions/x", "session.end", {}),
        ("PATCH", "/api/cbac/my-competencies", "competencies.update", {}),
    ],
)
async def test_who_may_not(scene: Scene, method: str, path: str, action: str, more: dict[str, Any]) -> None:
    response = await scene.ada.client.request(method, path.format(id=scene.admin.id), json={})
    assert response.status_code == 403
    subject = scene.admin.id if "{id}" in path else None
    await scene.left(await scene.refusal(action, "ada", subject, details={"status": 403}, **more))


async def test_accounts_that_are_not_there(scene: Scene) -> None:
    for method, path in (("GET", "/api/users/99999"), ("POST", "/api/users/99999/deactivate")):
        assert (await scene.admin.client.request(method, path)).status_code == 404
    await scene.left(
        *[
            await scene.refusal(action, "admin", 99_999, details={"status": 404})
            for action in ("user.read", "user.deactivate")
        ]
    )
