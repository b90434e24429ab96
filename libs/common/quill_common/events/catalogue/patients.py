"""What patients publishes."""

from typing import ClassVar

from quill_common.events.envelope import Event
from quill_common.topology import Service


class _PatientEvent(Event):
    source: ClassVar[Service] = "patients"
    awaited: ClassVar[bool] = True

    id: str

    def subject(self) -> str:
        return f"patient/{self.id}"


class PatientCreated(_PatientEvent):
    """A patient exists, for the first time or again after it was deleted.

    With `organisation_id` the creator's primary organisation, which then lists the patient.
    """

    type: ClassVar[str] = "quill.patients.patient.created.v1"

    organisation_id: int | None = None


class PatientChanged(_PatientEvent):
    """The resource has a new version. Carries no clinical content."""

    type: ClassVar[str] = "quill.patients.patient.changed.v1"
    awaited: ClassVar[bool] = False

    version: int


class PatientDeleted(_PatientEvent):
    """The patient is not there any more; memberships stay, for it may come back."""

    type: ClassVar[str] = "quill.patients.patient.deleted.v1"


class PatientDeactivated(_PatientEvent):
    """The patient has left the lists."""

    type: ClassVar[str] = "quill.patients.patient.deactivated.v1"


class PatientActivated(_PatientEvent):
    """The patient is back in the lists."""

    type: ClassVar[str] = "quill.patients.patient.activated.v1"
