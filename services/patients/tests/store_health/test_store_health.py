"""`GET /health/store`, and the clinical switch."""

from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit


@pytest.mark.store("built-in")
async def test_a_store_that_answers_is_available(kit: ServiceKit, keep_patient: Any) -> None:
    assert (await kit.anonymous.get("/health/store")).json() == {"available": True}
    await keep_patient("p-1")
    with kit.statements() as statements:
        assert (await kit.anonymous.get("/health/store")).json() == {"available": True}
    assert any("fhir_patient" in statement for statement in statements)


@pytest.mark.store("built-in")
@pytest.mark.parametrize(
    ("problem", "error"), [(ConnectionRefusedError("secret"), "unreachable"), (TimeoutError("secret"), "timeout")]
)
async def test_a_store_that_does_not_is_named_without_details(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch, problem: Exception, error: str
) -> None:
    async def fail(_: Any) -> None:
        raise problem

    monkeypatch.setattr("quill_patients.patient.repository.any_patient", fail)
    response = await kit.anonymous.get("/health/store")
    assert (response.status_code, response.json()) == (200, {"available": False, "error": error})


async def test_without_clinical_services_every_patient_route_says_so(
    kit: ServiceKit, keep_patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_patient("p-1", 7)
    monkeypatch.setattr(kit.parts.settings, "clinical_services_enabled", False)
    assert (await kit.anonymous.get("/health/store")).json() == {"available": False, "error": "Not provisioned"}
    admin = await kit.person("admin", roles=("Clinician",))
    body = {"given_name": "A", "family_name": "B"}
    for method, path, json in (
        ("GET", "", None),
        ("POST", "", body),
        ("POST", "/verify?patient_id=p-1", None),
        ("GET", "/p-1", None),
        ("PATCH", "/p-1", body),
        ("GET", "/p-1/demographics", None),
        ("PUT", "/p-1/demographics", body),
        ("GET", "/p-1/metadata", None),
        ("POST", "/p-1/deactivate", None),
        ("POST", "/p-1/activate", None),
    ):
        response = await admin.client.request(method, f"/api/patients{path}", json=json)
        assert response.status_code == 503, path
        assert response.json() == {"detail": "Clinical services are not available in this deployment"}
    assert await kit.published() == []
