"""What the access projection makes of the events of auth, orgs and patients."""

from typing import Any

import pytest
from quill_common.access.events import access_projection
from quill_common.database.engine import Database
from quill_common.events.catalogue.auth import UserChanged, UserCreated, UserDeactivated
from quill_common.events.catalogue.orgs import (
    AccessGranted,
    AccessRevoked,
    PatientAdded,
    PatientRemoved,
    StaffAdded,
    StaffRemoved,
)
from quill_common.events.catalogue.patients import PatientActivated, PatientCreated, PatientDeactivated, PatientDeleted
from quill_common.events.envelope import Event
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.testing.together import user
from sqlalchemy import text

ACCOUNT = user(1, username="ada", full_name="Ada", roles=["Clinician"], competencies=["write_letters"])


def changed(kind: type[UserCreated | UserChanged | UserDeactivated], **facts: Any) -> Event:
    return kind.model_validate(ACCOUNT.model_dump() | facts)


class Projected:
    """Applies events as a consumer does: from their JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.projection = access_projection()
        self.units = UnitsOfWork(database, self.projection)

    async def apply(self, *events: Event) -> None:
        async with self.units.open(cause="auth") as work:
            for event in events:
                await self.projection.apply(work, event.type, event.model_dump(mode="json"))

    async def rows(self, table: str) -> list[dict[str, Any]]:
        async with self._database.reader() as reader:
            return [dict(row._mapping) for row in await reader.rows(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]


@pytest.fixture
def projected(database: Database) -> Projected:
    return Projected(database)


async def test_an_account_is_kept_as_its_last_event_says(projected: Projected) -> None:
    await projected.apply(ACCOUNT)
    facts = ACCOUNT.model_dump(exclude={"organisation_id"})
    assert await projected.rows("access_user") == [facts]
    await projected.apply(changed(UserChanged, username="lovelace", full_name=None, roles=[], level="admin"))
    renamed = facts | {"username": "lovelace", "full_name": None, "roles": [], "level": "admin"}
    assert await projected.rows("access_user") == [renamed]


async def test_an_account_is_switched_off_and_on_again(projected: Projected) -> None:
    await projected.apply(ACCOUNT, changed(UserDeactivated, is_active=False))
    assert [row["is_active"] for row in await projected.rows("access_user")] == [False]
    await projected.apply(changed(UserChanged, is_active=True, patient_id="p"))
    assert [(row["is_active"], row["patient_id"]) for row in await projected.rows("access_user")] == [(True, "p")]


async def test_a_name_that_passes_from_one_account_to_another_is_no_clash(projected: Projected) -> None:
    await projected.apply(ACCOUNT, user(2, username="ada"), changed(UserChanged, username="countess"))
    assert [row["username"] for row in await projected.rows("access_user")] == ["countess", "ada"]


async def test_staff_are_added_made_primary_and_removed(projected: Projected) -> None:
    added = StaffAdded(organisation_id=5, user_id=1, is_primary=False)
    await projected.apply(added, added, StaffAdded(organisation_id=6, user_id=1, is_primary=False))
    await projected.apply(StaffAdded(organisation_id=5, user_id=1, is_primary=True))
    assert await projected.rows("access_staff") == [
        {"user_id": 1, "organisation_id": 5, "is_primary": True},
        {"user_id": 1, "organisation_id": 6, "is_primary": False},
    ]
    removed = StaffRemoved(organisation_id=5, user_id=1)
    await projected.apply(removed, removed)
    assert [row["organisation_id"] for row in await projected.rows("access_staff")] == [6]


async def test_patients_join_and_leave_organisations(projected: Projected) -> None:
    joined = PatientAdded(organisation_id=5, patient_id="p")
    await projected.apply(joined, joined, PatientAdded(organisation_id=6, patient_id="p"))
    left = PatientRemoved(organisation_id=6, patient_id="p")
    await projected.apply(left, left)
    assert await projected.rows("access_patient_member") == [{"patient_id": "p", "organisation_id": 5}]


async def test_access_is_granted_revoked_and_granted_again(projected: Projected) -> None:
    granted, revoked = AccessGranted(user_id=1, patient_id="p"), AccessRevoked(user_id=1, patient_id="p")
    await projected.apply(granted, granted)
    assert await projected.rows("access_grant") == [{"user_id": 1, "patient_id": "p"}]
    await projected.apply(revoked, revoked)
    assert await projected.rows("access_grant") == []
    await projected.apply(granted)
    assert len(await projected.rows("access_grant")) == 1


async def test_a_patient_leaves_the_lists_and_comes_back(projected: Projected) -> None:
    created = PatientCreated(id="p")
    await projected.apply(created, created, PatientDeactivated(id="p"))
    assert await projected.rows("access_patient, (SELECT 1) AS x (one)") == [{"id": "p", "is_active": False, "one": 1}]
    await projected.apply(PatientActivated(id="p"))
    assert await projected.rows("access_patient, (SELECT 1) AS x (one)") == [{"id": "p", "is_active": True, "one": 1}]


async def test_a_deleted_patient_is_none_until_created_again(projected: Projected) -> None:
    created, deleted, member = (
        PatientCreated(id="p"),
        PatientDeleted(id="p"),
        PatientAdded(organisation_id=5, patient_id="p"),
    )
    await projected.apply(created, member, deleted, deleted, PatientActivated(id="p"))
    assert await projected.rows("access_patient, (SELECT 1) AS x (one)") == []
    assert len(await projected.rows("access_patient_member")) == 1
    await projected.apply(created)
    assert await projected.rows("access_patient, (SELECT 1) AS x (one)") == [{"id": "p", "is_active": True, "one": 1}]


async def test_emptying_what_one_source_feeds_leaves_what_others_feed(projected: Projected) -> None:
    await projected.apply(ACCOUNT, PatientCreated(id="p"), StaffAdded(organisation_id=5, user_id=1, is_primary=True))
    async with projected.units.open() as work:
        await projected.projection.clear(work, "orgs")
    assert (await projected.rows("access_staff"), len(await projected.rows("access_user"))) == ([], 1)
