"""Tests that every service must pass: its `tests/test_health.py` takes all of them."""

from quill_common.testing.kit import ServiceKit

__all__ = [
    "test_internal_paths_answer_nothing_without_a_service_token",
    "test_the_service_is_ready_on_a_migrated_database",
]


async def test_the_service_is_ready_on_a_migrated_database(kit: ServiceKit) -> None:
    response = await kit.anonymous.get("/health/ready")
    assert response.status_code == 200, response.text
    assert response.json()["checks"]["database"] == {"state": "ok"}


async def test_internal_paths_answer_nothing_without_a_service_token(kit: ServiceKit) -> None:
    for path in ("/internal/events", "/internal/projections", "/internal/events/parked"):
        assert (await kit.anonymous.get(path)).status_code == 401
