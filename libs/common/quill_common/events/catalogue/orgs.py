"""What orgs publishes."""

from typing import ClassVar

from quill_common.events.envelope import Event
from quill_common.topology import Service


class _OrgsEvent(Event):
    source: ClassVar[Service] = "orgs"
    awaited: ClassVar[bool] = True


class OrganisationChanged(_OrgsEvent):
    """An organisation was created or changed."""

    type: ClassVar[str] = "quill.orgs.organisation.changed.v1"

    id: int
    name: str
    organisation_type: str

    def subject(self) -> str:
        return f"organisation/{self.id}"


class StaffAdded(_OrgsEvent):
    """A user is a staff member of an organisation, or became primary there."""

    type: ClassVar[str] = "quill.orgs.staff.added.v1"

    organisation_id: int
    user_id: int
    is_primary: bool

    def subject(self) -> str:
        return f"organisation/{self.organisation_id}/staff/{self.user_id}"


class StaffRemoved(_OrgsEvent):
    """A user is no longer a staff member of an organisation."""

    type: ClassVar[str] = "quill.orgs.staff.removed.v1"

    organisation_id: int
    user_id: int

    def subject(self) -> str:
        return f"organisation/{self.organisation_id}/staff/{self.user_id}"


class PatientAdded(_OrgsEvent):
    """A patient is a member of an organisation."""

    type: ClassVar[str] = "quill.orgs.patient.added.v1"

    organisation_id: int
    patient_id: str

    def subject(self) -> str:
        return f"organisation/{self.organisation_id}/patient/{self.patient_id}"


class PatientRemoved(PatientAdded):
    """A patient is no longer a member of an organisation."""

    type: ClassVar[str] = "quill.orgs.patient.removed.v1"


class AccessGranted(_OrgsEvent):
    """A person outside the organisations has access to a patient."""

    type: ClassVar[str] = "quill.orgs.access.granted.v1"

    user_id: int
    patient_id: str

    def subject(self) -> str:
        return f"patient/{self.patient_id}/access/{self.user_id}"


class AccessRevoked(AccessGranted):
    """That access ended."""

    type: ClassVar[str] = "quill.orgs.access.revoked.v1"


class FeatureEnabled(_OrgsEvent):
    """An organisation's feature is on."""

    type: ClassVar[str] = "quill.orgs.feature.enabled.v1"

    organisation_id: int
    feature_key: str

    def subject(self) -> str:
        return f"organisation/{self.organisation_id}/feature/{self.feature_key}"


class FeatureDisabled(FeatureEnabled):
    """An organisation's feature is off."""

    type: ClassVar[str] = "quill.orgs.feature.disabled.v1"
