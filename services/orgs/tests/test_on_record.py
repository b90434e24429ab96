"""What the orgs service puts on record."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.catalogue.patients import PatientCreated
from quill_common.events.envelope import Event
from quill_common.testing.kit import Person, ServiceKit
from quill_common.testing.on_record import acts_of, acts_of_service, refused
from sqlalchemy import text

Hear = Callable[[Event], Awaitable[None]]
TARGET = {"target": "organisation/1"}
ORGANISATION = "/api/organizations/1"


@pytest.fixture(autouse=True)
async def _organisation(kit: ServiceKit) -> None:
    await kit.write(text("INSERT INTO organizations (name, type) VALUES ('Ward 7', 'department')"))


async def test_a_new_organisation_is_on_record(kit: ServiceKit, admin: Person) -> None:
    body = {"name": "Ward 8", "type": "department"}
    number = (await admin.client.post("/api/organizations", json=body)).json()["id"]
    assert await acts_of(kit, admin) == [{"action": "organisation.create", "target": f"organisation/{number}"}]


async def test_every_change_of_an_organisation_is_on_record(kit: ServiceKit, admin: Person) -> None:
    user, patient = await kit.clinician(), await kit.patient("p-1")
    for method, path, body in (
        ("PUT", "", {"name": "Ward 9"}),
        ("POST", "/staff", {"user_id": user.id}),
        ("POST", "/patients", {"patient_id": patient}),
        ("GET", "", None),
        ("DELETE", f"/staff/{user.id}", None),
        ("DELETE", f"/patients/{patient}", None),
        ("PUT", "/features/messaging", {"enabled": True}),
    ):
        response = await admin.client.request(method, f"{ORGANISATION}{path}", json=body)
        assert response.status_code == 200, response.text
    assert await acts_of(kit, admin) == [
        {"action": "organisation.update", **TARGET, "details": {"fields": ["name"]}},
        {"action": "staff.add", **TARGET, "subject_user_id": user.id},
        {"action": "member.add", **TARGET, "patient_id": patient},
        {"action": "organisation.read", **TARGET, "patient_ids": [patient]},
        {"action": "staff.remove", **TARGET, "subject_user_id": user.id},
        {"action": "member.remove", **TARGET, "patient_id": patient},
        {"action": "feature.update", **TARGET, "details": {"feature": "messaging", "enabled": True}},
    ]


@pytest.mark.parametrize(
    ("method", "path", "action", "body", "more"),
    [
        ("GET", "", "organisation.read", None, {}),
        ("PUT", "", "organisation.update", {"name": "Mine"}, {"details": {"fields": ["name"]}}),
        ("POST", "/staff", "staff.add", {"user_id": 77}, {"subject_user_id": 77}),
        ("DELETE", "/staff/77", "staff.remove", None, {"subject_user_id": 77}),
        ("POST", "/patients", "member.add", {"patient_id": "p-1"}, {"patient_id": "p-1"}),
        ("DELETE", "/patients/p-1", "member.remove", None, {"patient_id": "p-1"}),
        ("PUT", "/features/x", "feature.update", {"enabled": True}, {"details": {"feature": "x", "enabled": True}}),
    ],
)
async def test_who_is_refused_is_on_record(
    kit: ServiceKit, method: str, path: str, action: str, body: Any, more: dict[str, Any]
) -> None:
    clinician = await kit.clinician(1)
    assert (await clinician.client.request(method, f"{ORGANISATION}{path}", json=body)).status_code == 403
    assert await acts_of(kit, clinician) == [refused(action, 403, **TARGET, **more)]


async def test_who_asks_where_a_patient_is_a_member_is_on_record(kit: ServiceKit) -> None:
    clinician = await kit.clinician(1)
    await kit.write(text("INSERT INTO organisation_staff_member VALUES (1, :id, true)"), {"id": clinician.id})
    await kit.write(text("INSERT INTO organisation_patient_member VALUES (1, 'p-1', true)"))
    for patient in ("p-1", "p-2"):
        assert (await clinician.client.get(f"/api/patients/{patient}/shared-organisations")).status_code == 200
    assert await acts_of(kit, clinician) == [
        {"action": "member.list", "patient_id": "p-1", "details": {"shown": 1}},
        {"action": "member.list", "patient_id": "p-2", "details": {"shown": 0}},
    ]


async def test_an_import_names_the_patients_that_it_joins(kit: ServiceKit) -> None:
    await kit.patient("p-1")
    body = {"patient_ids": ["p-1", "gone"]}
    response = await kit.service("operator").post("/internal/organisations/1/patients", json=body)
    assert response.json() == {"added": 1, "unknown": ["gone"]}
    assert await acts_of_service(kit, "operator") == [
        {
            "action": "member.import",
            "patient_ids": ["gone", "p-1"],
            "target": "organisation/1",
            "details": {"added": 1, "unknown": 1},
        }
    ]


ROSE = UserCreated(
    id=77,
    username="rose",
    full_name=None,
    email="rose@example.org",
    level="patient",
    roles=[],
    competencies=[],
    is_active=True,
    patient_id=None,
    organisation_id=1,
)


async def test_memberships_that_follow_from_other_services_are_on_record_once(kit: ServiceKit, hear: Hear) -> None:
    for _ in range(2):
        await hear(ROSE)
        await hear(PatientCreated(id="p-1", organisation_id=1))
    assert await acts_of_service(kit, "auth") == [{"action": "staff.add", **TARGET, "subject_user_id": 77}]
    assert await acts_of_service(kit, "patients") == [{"action": "member.add", **TARGET, "patient_id": "p-1"}]
    assert len(await kit.audited()) == 2


async def test_many_patients_at_once_are_members_and_on_record_each(kit: ServiceKit) -> None:
    events = [PatientCreated(id=f"p-{number}", organisation_id=number % 2 or None) for number in range(6)]
    async with kit.parts.units.open(cause="patients") as work:
        await kit.parts.projection.apply(work, PatientCreated.type, *(event.model_dump() for event in events))
    acts = [{"action": "member.add", **TARGET, "patient_id": f"p-{number}"} for number in (1, 3, 5)]
    assert await acts_of_service(kit, "patients") == acts
    assert [event["patient_id"] for event in await kit.published()] == ["p-1", "p-3", "p-5"]
    assert await kit.read("SELECT patient_id FROM access_patient_member ORDER BY 1") == [
        {"patient_id": act["patient_id"]} for act in acts
    ]


async def test_while_a_projection_is_built_again_nothing_is_recorded_again(kit: ServiceKit) -> None:
    async with kit.parts.units.open(cause="auth", replaying=True) as work:
        await kit.parts.projection.apply(work, ROSE.type, ROSE.model_dump())
    assert await kit.audited() == []


async def test_what_cannot_be_recorded_is_neither_shown_nor_changed(kit: ServiceKit, admin: Person) -> None:
    user, patient = await kit.clinician(), await kit.patient("p-1")
    async with kit.failing_commits("audit_entry"):
        for method, path, body in (
            ("GET", ORGANISATION, None),
            ("GET", f"/api/patients/{patient}/shared-organisations", None),
            ("POST", f"{ORGANISATION}/staff", {"user_id": user.id}),
            ("POST", f"{ORGANISATION}/patients", {"patient_id": patient}),
        ):
            response = await admin.client.request(method, path, json=body)
            assert (response.status_code, b"Ward" in response.content) == (503, False), path
    assert await kit.audited() == await kit.read("SELECT 1 FROM organisation_staff_member") == []
    assert await kit.read("SELECT 1 FROM organisation_patient_member") == []


async def test_a_membership_that_fails_at_its_end_is_not_on_record(kit: ServiceKit, admin: Person) -> None:
    user = await kit.clinician()
    async with kit.failing_commits("organisation_staff_member"):
        assert (await admin.client.post(f"{ORGANISATION}/staff", json={"user_id": user.id})).status_code == 503
    assert await kit.audited() == await kit.read("SELECT 1 FROM organisation_staff_member") == []
