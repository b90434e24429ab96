"""Handlers that take many events get those that belong together, and leave behind what one by one would."""

from collections.abc import Sequence

from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.catalogue.orgs import PatientAdded, PatientRemoved, StaffAdded, StaffRemoved
from quill_common.events.envelope import Event
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.testing.together import user

from .conftest import NewProcess, Process

# Of a type that nobody handles.
LATER = "INSERT INTO outbox (type, subject, data, request_id) VALUES ('quill.auth.later.v9', 's', '{}', 'b')"


class Journal:
    """A projection that notes which events came together, for which request."""

    def __init__(self) -> None:
        self.projection: Projection = access_projection()
        self.came: list[tuple[str | None, list[int]]] = []
        self.projection.reacts_to_many(UserCreated)(self._note)

    async def _note(self, work: UnitOfWork, events: Sequence[UserCreated]) -> None:
        self.came.append((work.request_id, [event.id for event in events]))


async def _published(source: Process, request_id: str | None, *events: Event) -> None:
    async with source.units.open(request_id=request_id) as work:
        await work.publish_all(events)


async def test_those_of_one_type_and_one_request_come_together(process: NewProcess, source: Process) -> None:
    journal = Journal()
    orgs = process("orgs", projection=journal.projection)
    await _published(source, "a", user(1), user(2))
    await _published(source, "b", user(3))
    await source.run(
        "INSERT INTO outbox (type, subject, data, request_id) VALUES ('quill.auth.later.v9', 's', '{}', 'b')"
    )
    await _published(source, "b", user(4), user(5))
    await orgs.consumer.pull("auth")
    assert journal.came == [("a", [1, 2]), ("b", [3]), ("b", [4, 5])]


async def test_what_is_told_of_twice_in_one_go_is_as_it_was_told_last(source: Process) -> None:
    await _published(source, None, user(1, username="old"), user(2), user(1, username="new"))
    assert await source.values("SELECT username FROM access_user ORDER BY id") == ["new", "u2"]
    assert [event.position for event in await source.events()] == [1, 2, 3]


async def test_the_own_projection_keeps_the_order_of_different_types(process: NewProcess) -> None:
    orgs = process("orgs")
    staff = {"organisation_id": 1, "user_id": 1}
    patient = {"organisation_id": 1, "patient_id": "p"}
    await _published(
        orgs,
        None,
        StaffAdded(**staff, is_primary=True),
        StaffRemoved(**staff),
        StaffAdded(**staff, is_primary=False),
        PatientAdded(**patient),
        PatientRemoved(**patient),
    )
    assert await orgs.values("SELECT is_primary FROM access_staff") == [False]
    assert await orgs.values("SELECT patient_id FROM access_patient_member") == []


async def test_nothing_to_publish_is_nothing(source: Process) -> None:
    await _published(source, None)
    assert await source.events() == []
