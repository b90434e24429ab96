"""Who is demoted while an own request waits for that very change does not undo it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quill_auth.account import repository
from quill_auth.account.facts import publish_facts
from quill_auth.events import UserChanged
from quill_auth.testing.people import PASSWORD, People, Visitor
from quill_common.testing.kit import ServiceKit

WAITING = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
async def admin(people: People) -> Visitor:
    return await people.visitor("admin")


@asynccontextmanager
async def changed_meanwhile(kit: ServiceKit, user_id: int, **values: Any) -> AsyncIterator[None]:
    """The change of an account, committed once a request waits for it."""
    async with kit.parts.units.open() as unit:
        await repository.locked_account(unit, user_id)
        await repository.change(unit, user_id, values)
        await publish_facts(unit, UserChanged, user_id)
        yield
        async with asyncio.timeout(5):
            while not (await kit.read(WAITING))[0]["n"]:  # noqa: ASYNC110 - it is in a database
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        (
            "/api/users/{own}",
            {"system_permissions": "admin"},
            "Admin or superadmin permissions required to update users",
        ),
        (
            "/api/users/{friend}",
            {"system_permissions": "admin"},
            "Admin or superadmin permissions required to update users",
        ),
        ("/api/users/{own}/link-patient", {"fhir_patient_id": "p-1"}, "Admin only"),
        (
            "/api/cbac/my-competencies",
            {"additional_competencies": ["manage_users"]},
            "Requires admin or superadmin permissions",
        ),
    ],
)
async def test_a_request_of_someone_demoted_meanwhile_is_refused(
    kit: ServiceKit, people: People, admin: Visitor, path: str, body: dict[str, object], detail: str
) -> None:
    friend, _ = await people.account("staff")
    await kit.patient("p-1")
    async with changed_meanwhile(kit, admin.id, system_permissions="staff"):
        asked = asyncio.create_task(admin.client.patch(path.format(own=admin.id, friend=friend), json=body))
    answer = await asked
    assert (answer.status_code, answer.json()) == (403, {"detail": detail})
    rows = await kit.read("SELECT system_permissions, fhir_patient_id, additional_competencies AS more FROM users")
    assert {(row["system_permissions"], row["fhir_patient_id"], *row["more"]) for row in rows} == {("staff", None)}


async def test_an_account_made_by_someone_demoted_meanwhile_is_refused(kit: ServiceKit, admin: Visitor) -> None:
    body = {"name": "Friend", "email": "f@example.org", "password": PASSWORD, "system_permissions": "admin"}
    async with changed_meanwhile(kit, admin.id, system_permissions="staff"):
        asked = asyncio.create_task(admin.client.post("/api/users", json=body))
    answer = await asked
    refused = {"detail": "Admin or superadmin permissions required to create users"}
    assert (answer.status_code, answer.json()) == (403, refused)
    assert len(await kit.read("SELECT 1 FROM users")) == 1


async def test_a_request_of_someone_switched_off_meanwhile_is_refused(kit: ServiceKit, admin: Visitor) -> None:
    async with changed_meanwhile(kit, admin.id, is_active=False):
        asked = asyncio.create_task(admin.client.patch(f"/api/users/{admin.id}", json={"name": "x"}))
    answer = await asked
    assert (answer.status_code, answer.json()) == (401, {"detail": "Inactive user"})


async def test_of_two_admins_who_demote_each_other_at_once_one_stays(kit: ServiceKit, people: People) -> None:
    for _ in range(3):
        await kit.empty()
        one, other = await people.visitor("admin"), await people.visitor("admin")
        pairs = ((one, other), (other, one))
        demote = {"system_permissions": "staff"}
        answers = await asyncio.gather(*(by.client.patch(f"/api/users/{of.id}", json=demote) for by, of in pairs))
        assert sorted(answer.status_code for answer in answers) == [200, 403]
