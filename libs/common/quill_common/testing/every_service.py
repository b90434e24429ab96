"""Tests that every service must pass: its `tests/test_health.py` takes all of them."""

from typing import Final

from quill_common.identity.service_tokens import ServiceTokens
from quill_common.testing.forged import forged, good
from quill_common.testing.kit import ServiceKit
from quill_common.topology import Service

__all__ = [
    "test_a_service_token_is_good_for_one_service_and_a_persons_token_for_none",
    "test_every_forged_token_is_refused",
    "test_internal_paths_answer_nothing_without_a_service_token",
    "test_the_service_is_ready_on_a_migrated_database",
]

_SIGNED_IN: Final[dict[Service, str]] = {
    "auth": "/api/auth/me",
    "orgs": "/api/organizations",
    "patients": "/api/patients",
    "letters": "/api/patients/p/letters",
    "messaging": "/api/conversations",
}


async def test_the_service_is_ready_on_a_migrated_database(kit: ServiceKit) -> None:
    response = await kit.anonymous.get("/health/ready")
    assert response.status_code == 200, response.text
    assert response.json()["checks"]["database"] == {"state": "ok"}


async def test_internal_paths_answer_nothing_without_a_service_token(kit: ServiceKit) -> None:
    for path in ("/internal/events", "/internal/projections", "/internal/events/parked"):
        assert (await kit.anonymous.get(path)).status_code == 401


async def test_every_forged_token_is_refused(kit: ServiceKit) -> None:
    path = _SIGNED_IN[kit.name]
    # Nobody has that id, so a token that is believed gets another refusal.
    assert (await kit.client(good(kit.keys)).get(path)).json() == {"detail": "Inactive user"}
    for name, token in forged(kit.keys, _service_token(kit, kit.name)).items():
        answer = await kit.client(token).get(path)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"}), name


async def test_a_service_token_is_good_for_one_service_and_a_persons_token_for_none(kit: ServiceKit) -> None:
    other: Service = "orgs" if kit.name != "orgs" else "letters"
    assert (await kit.client(_service_token(kit, kit.name)).get("/internal/projections")).status_code == 200
    for token in (good(kit.keys), _service_token(kit, other), *forged(kit.keys, _service_token(kit, other)).values()):
        answer = await kit.client(token).get("/internal/projections")
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


def _service_token(kit: ServiceKit, audience: str) -> str:
    return ServiceTokens("operator", kit.directory / "keys" / "services" / "operator.pem").token(audience)
