"""What auth publishes."""

from typing import ClassVar

from quill_common.events.envelope import Event
from quill_common.topology import Service


class UserFacts(Event):
    """An account as it stands after the change; the last event about a user says all there is to know."""

    source: ClassVar[Service] = "auth"
    awaited: ClassVar[bool] = True

    id: int
    username: str
    full_name: str | None
    email: str
    level: str
    roles: list[str]
    competencies: list[str]
    is_active: bool
    patient_id: str | None

    def subject(self) -> str:
        return f"user/{self.id}"


class UserCreated(UserFacts):
    """A new account; `organisation_id` when it was registered into an organisation, which then lists it as staff."""

    type: ClassVar[str] = "quill.auth.user.created.v1"

    organisation_id: int | None = None


class UserChanged(UserFacts):
    """Name, address, level, roles, competencies or linked patient changed, or the account is active again."""

    type: ClassVar[str] = "quill.auth.user.changed.v1"


class UserDeactivated(UserFacts):
    """The account was switched off."""

    type: ClassVar[str] = "quill.auth.user.deactivated.v1"


class SessionRevoked(Event):
    """A session ended before its time."""

    source: ClassVar[Service] = "auth"
    type: ClassVar[str] = "quill.auth.session.revoked.v1"

    user_id: int
    session_id: str

    def subject(self) -> str:
        return f"session/{self.session_id}"
