"""Every event that orgs publishes and consumes.

Beside what keeps the access projection, two events of others change its own tables: who is created into an
organisation becomes a member of it, in the transaction that learns of the account or patient.
"""

from quill_common.access.events import access_projection
from quill_common.audit.entry import AuditEntry
from quill_common.events.catalogue.auth import UserCreated
from quill_common.events.catalogue.orgs import (
    AccessGranted,
    AccessRevoked,
    FeatureDisabled,
    FeatureEnabled,
    OrganisationChanged,
    PatientAdded,
    PatientRemoved,
    StaffAdded,
    StaffRemoved,
)
from quill_common.events.catalogue.patients import PatientCreated
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork

from quill_orgs.patient_member import service as patient_members
from quill_orgs.staff import service as staff

__all__ = [
    "AccessGranted",
    "AccessRevoked",
    "FeatureDisabled",
    "FeatureEnabled",
    "OrganisationChanged",
    "PatientAdded",
    "PatientRemoved",
    "StaffAdded",
    "StaffRemoved",
    "projection",
]


def projection() -> Projection:
    """What orgs does when it hears of others."""
    followed = access_projection()

    @followed.reacts_to(UserCreated)
    async def registered(work: UnitOfWork, event: UserCreated) -> None:
        if event.organisation_id is not None and await staff.join(work, event.organisation_id, event.id):
            target = f"organisation/{event.organisation_id}"
            await work.record(
                AuditEntry("staff.add", actor_service=event.source, subject_user_id=event.id, target=target)
            )

    @followed.reacts_to(PatientCreated)
    async def patient_created(work: UnitOfWork, event: PatientCreated) -> None:
        if event.organisation_id is None:
            return
        if await patient_members.join(work, event.organisation_id, event.id, is_primary=True):
            target = f"organisation/{event.organisation_id}"
            await work.record(AuditEntry("member.add", actor_service=event.source, patient_id=event.id, target=target))

    return followed
