"""Who is demoted while an own request waits for that very change does not undo it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quill_auth.account import repository
from quill_auth.account.facts import publish_facts
from quill_auth.events import UserChanged
from quill_auth.session.ending import end_all_sessions
from quill_auth.testing.people import PASSWORD, People, Visitor
from quill_common.testing.kit import ServiceKit

WAITING = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
async def admin(people: People) -> Visitor:
    return await people.visitor("admin")


@asynccontextmanager
async def changed_meanwhile(
    kit: ServiceKit, user_id: int, *, ends_sessions: bool = False, **values: Any
) -> AsyncIterator[None]:
    """The change of an account, committed once a request waits for it."""
    async with kit.parts.units.open() as unit:
        await repository.locked_account(unit, user_id)
        await repository.change(unit, user_id, values)
        await publish_facts(unit, UserChanged, user_id)
        if ends_sessions:
            await end_all_sessions(unit, user_id, "password set")
        yield
        async with asyncio.timeout(60):
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


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/users", {"name": "Friend", "email": "f@example.org", "password": PASSWORD}),
        ("PATCH", "/api/users/{friend}", {"password": "a door left open"}),
        ("PATCH", "/api/users/{friend}/link-patient", {"fhir_patient_id": "p-1"}),
        ("PATCH", "/api/cbac/my-competencies", {"additional_competencies": ["manage_users"]}),
        ("POST", "/api/users/{friend}/deactivate", None),
        ("DELETE", "/api/users/{friend}/sessions", None),
    ],
)
async def test_a_request_whose_session_is_ended_meanwhile_changes_nothing(
    kit: ServiceKit, people: People, admin: Visitor, method: str, path: str, body: dict[str, object] | None
) -> None:
    """As when a superadmin sets the password of an account that somebody else got into."""
    friend = await people.visitor("staff")
    await kit.patient("p-1")
    before = await kit.read("SELECT * FROM users ORDER BY id")
    async with changed_meanwhile(kit, admin.id, ends_sessions=True, full_name="Held"):
        asked = asyncio.create_task(
            admin.client.request(method, path.format(own=admin.id, friend=friend.id), json=body)
        )
    answer = await asked
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})
    assert await kit.read("SELECT * FROM users ORDER BY id") == [
        {**row, "full_name": "Held"} if row["id"] == admin.id else row for row in before
    ]
    assert (await friend.client.get("/api/auth/me")).status_code == 200


SWITCHING = {"detail": "Requires admin or superadmin permissions"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/users/{friend}/deactivate"),
        ("POST", "/api/users/{own}/activate"),
        ("DELETE", "/api/users/{friend}/sessions"),
        ("DELETE", "/api/users/{own}/sessions"),
    ],
)
async def test_someone_demoted_meanwhile_switches_nobody_and_ends_nothing(
    kit: ServiceKit, people: People, admin: Visitor, method: str, path: str
) -> None:
    friend = await people.visitor("staff")
    async with changed_meanwhile(kit, admin.id, system_permissions="staff"):
        asked = asyncio.create_task(admin.client.request(method, path.format(own=admin.id, friend=friend.id)))
    answer = await asked
    assert (answer.status_code, answer.json()) == (403, SWITCHING)
    assert (await friend.client.get("/api/auth/me")).status_code == 200


async def test_of_two_admins_who_demote_each_other_at_once_one_stays(kit: ServiceKit, people: People) -> None:
    for _ in range(20):
        await kit.empty()
        one, other = await people.visitor("admin"), await people.visitor("admin")
        pairs = ((one, other), (other, one))
        demote = {"system_permissions": "staff"}
        answers = await asyncio.gather(*(by.client.patch(f"/api/users/{of.id}", json=demote) for by, of in pairs))
        assert sorted(answer.status_code for answer in answers) == [200, 403]
        levels = await kit.read("SELECT system_permissions AS level FROM users ORDER BY 1")
        assert [row["level"] for row in levels] == ["admin", "staff"]


ACTIVE_ROOTS = "SELECT id FROM users WHERE system_permissions = 'superadmin' AND is_active"


async def test_of_two_superadmins_who_switch_each_other_off_at_once_one_stays(kit: ServiceKit, people: People) -> None:
    for _ in range(20):
        await kit.empty()
        one, other = await people.visitor("superadmin"), await people.visitor("superadmin")
        pairs = ((one, other), (other, one))
        answers = await asyncio.gather(*(by.client.post(f"/api/users/{of.id}/deactivate") for by, of in pairs))
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        assert len(await kit.read(ACTIVE_ROOTS)) == 1


async def test_of_two_superadmins_of_whom_one_demotes_and_one_switches_off_one_stays(
    kit: ServiceKit, people: People
) -> None:
    demote = {"system_permissions": "admin"}
    for _ in range(20):
        await kit.empty()
        one, other = await people.visitor("superadmin"), await people.visitor("superadmin")
        answers = await asyncio.gather(
            one.client.post(f"/api/users/{other.id}/deactivate"),
            other.client.patch(f"/api/users/{one.id}", json=demote),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 403])
        assert len(await kit.read(ACTIVE_ROOTS)) == 1


async def test_superadmins_and_operators_who_all_switch_off_at_once_leave_one(kit: ServiceKit, people: People) -> None:
    operator = kit.service("operator")
    for _ in range(20):
        await kit.empty()
        one, other = await people.visitor("superadmin"), await people.visitor("superadmin")
        answers = await asyncio.gather(
            one.client.post(f"/api/users/{other.id}/deactivate"),
            operator.post(f"/internal/users/{one.id}/deactivate"),
            other.client.patch(f"/api/users/{other.id}", json={"system_permissions": "admin"}),
        )
        assert {answer.status_code for answer in answers} <= {200, 401, 403, 409}
        assert len(await kit.read(ACTIVE_ROOTS)) == 1
