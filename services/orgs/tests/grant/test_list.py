"""The list of live grants (contract 5.15)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_common.testing.on_record import acts_of, refused
from sqlalchemy import text

PATIENT = "p-1"
PATH = f"/api/patients/{PATIENT}/external-access"
START = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
_ROW = text(
    "INSERT INTO external_patient_access (user_id, patient_id, granted_by_user_id, granted_at, revoked_at) "
    "VALUES (:user_id, :patient_id, 7, :granted_at, :revoked_at)"
)


@pytest.fixture
async def patient(kit: ServiceKit) -> Person:
    """The patient, signed in."""
    await kit.patient(PATIENT)
    return await kit.person("patient", patient_id=PATIENT)


async def grant(
    kit: ServiceKit, user_id: int, granted_at: datetime, *, patient_id: str = PATIENT, revoked: bool = False
) -> None:
    row = {"user_id": user_id, "patient_id": patient_id, "granted_at": granted_at}
    await kit.write(_ROW, {**row, "revoked_at": granted_at if revoked else None})


async def listed(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    response = await client.get(PATH, params=query)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


async def test_live_grants_are_listed_with_the_account_as_it_is_now(kit: ServiceKit, patient: Person) -> None:
    gp, daughter, former = [await kit.person(level) for level in ("external_hcp", "patient_advocate", "staff")]
    await grant(kit, daughter.id, START)
    await grant(kit, gp.id, START + timedelta(microseconds=1))
    await grant(kit, former.id, START, revoked=True)
    await grant(kit, gp.id, START, patient_id="p-2")
    await kit.write(text("UPDATE access_user SET level = 'staff', username = 'new' WHERE id = :id"), {"id": gp.id})
    expected = [
        {
            "user_id": daughter.id,
            "username": daughter.username,
            "email": f"{daughter.username}@example.org",
            "user_type": "patient_advocate",
            "granted_at": "2026-03-01T09:30:00.123456Z",
            "access_level": "full",
        },
        {
            "user_id": gp.id,
            "username": "new",
            "email": f"{gp.username}@example.org",
            "user_type": "staff",
            "granted_at": "2026-03-01T09:30:00.123457Z",
            "access_level": "full",
        },
    ]
    for caller in (patient, await kit.admin(), await kit.person("superadmin")):
        assert await listed(caller.client) == {"grants": expected, "next_cursor": None}


async def test_pages_hold_everybody_once_though_many_came_at_one_moment(kit: ServiceKit, patient: Person) -> None:
    people = [(await kit.person("external_hcp")).id for _ in range(9)]
    for number, user_id in enumerate(people):
        await grant(kit, user_id, START + timedelta(microseconds=number // 4))
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    for _ in range(5):
        page = await listed(patient.client, **query)
        seen += [one["user_id"] for one in page["grants"]]
        query["cursor"] = page["next_cursor"]
    assert (seen, query["cursor"]) == (people, None)


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "WyJhIiwxXQ", "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsMV0"])
async def test_a_cursor_that_is_not_ours_is_a_400(patient: Person, cursor: str) -> None:
    response = await patient.client.get(PATH, params={"cursor": cursor})
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid cursor"})


@pytest.mark.parametrize("level", ["staff", "patient", "external_hcp", "patient_advocate", "root"])
async def test_nobody_else_sees_who_has_access(kit: ServiceKit, patient: Person, level: str) -> None:
    await kit.write(
        text("INSERT INTO access_patient_member (patient_id, organisation_id) VALUES (:id, 1)"), {"id": PATIENT}
    )
    caller = await kit.person(level, roles=("Clinician",), organisations=(1,), patient_id="p-2")
    await kit.grant(caller, PATIENT)
    for about in (PATIENT, "unknown"):
        response = await caller.client.get(f"/api/patients/{about}/external-access")
        assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})
    assert await acts_of(kit, caller) == [
        refused("grant.list", 403, patient_id=about) for about in (PATIENT, "unknown")
    ]


async def test_an_unknown_patient_is_not_found_by_admins(kit: ServiceKit, admin: Person) -> None:
    response = await admin.client.get(PATH)
    assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})


async def test_who_looked_is_on_record(kit: ServiceKit, patient: Person) -> None:
    await listed(patient.client)
    assert await acts_of(kit, patient) == [{"action": "grant.list", "patient_id": PATIENT, "details": {"shown": 0}}]


async def test_many_grants_cost_as_many_statements_as_one(kit: ServiceKit, patient: Person) -> None:
    with kit.statements() as none:
        await listed(patient.client)
    for number in range(20):
        await grant(kit, (await kit.person("external_hcp")).id, START + timedelta(hours=number))
    with kit.statements() as many:
        assert len((await listed(patient.client))["grants"]) == 20
    assert len(none) == len(many)


async def test_without_clinical_services_there_is_no_list(patient: Person, clinical_off: None) -> None:
    assert (await patient.client.get(PATH)).status_code == 503
