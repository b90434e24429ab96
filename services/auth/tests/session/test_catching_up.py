"""A process of auth that has not yet reached its sources refuses what it cannot know, and only that."""

from collections.abc import Iterator

import pytest
from quill_auth.testing.people import People
from quill_common.events.followed import Followed
from quill_common.testing.kit import ServiceKit

AWAY = {"detail": "Service temporarily unavailable"}


@pytest.fixture
def behind(kit: ServiceKit) -> Iterator[None]:
    """The service has just started and reached neither orgs nor patients."""
    kit.parts.consumer.followed = {"orgs": Followed(), "patients": Followed()}
    yield
    kit.parts.consumer.followed = {}


@pytest.mark.usefixtures("behind")
async def test_features_and_pickers_wait_for_their_sources(people: People) -> None:
    admin = await people.visitor("admin")
    for path in ("/api/auth/me", "/api/users?patient_id=p1"):
        response = await admin.client.get(path)
        assert (response.status_code, response.json()) == (503, AWAY)
        assert response.headers["Retry-After"]


@pytest.mark.usefixtures("behind")
async def test_accounts_and_sessions_work_without_them(people: People) -> None:
    admin = await people.visitor("admin")
    assert (await admin.client.get("/api/users")).status_code == 200
    assert (await people.refresh(admin.refresh)).status_code == 200
    assert (await admin.client.post("/api/auth/logout")).status_code == 200


@pytest.mark.usefixtures("behind")
async def test_registering_into_an_organisation_waits_and_without_one_works(kit: ServiceKit) -> None:
    body = {"username": "ada", "email": "ada@example.org", "password": "a quiet Tuesday"}
    refused = await kit.anonymous.post("/api/auth/register", json={**body, "organisation_id": 7})
    assert (refused.status_code, refused.json()) == (503, AWAY)
    assert (await kit.anonymous.post("/api/auth/register", json=body)).status_code == 200


@pytest.mark.usefixtures("behind")
async def test_who_is_not_signed_in_hears_that_first(kit: ServiceKit) -> None:
    assert (await kit.anonymous.get("/api/auth/me")).status_code == 401
    assert (await kit.anonymous.get("/api/users?patient_id=p1")).status_code == 401
