"""Every event that orgs publishes and consumes.

Beside what keeps the access projection, two events of others change its own tables: who is created into an
organisation becomes a member of it, in the transaction that learns of the account or patient.
"""

from collections.abc import Sequence
from itertools import groupby

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

    @followed.reacts_to_many(PatientCreated)
    async def patients_created(work: UnitOfWork, events: Sequence[PatientCreated]) -> None:
        for organisation_id, created in groupby(events, key=lambda event: event.organisation_id):
            if organisation_id is not None:
                await _join(work, organisation_id, [event.id for event in created])

    return followed


async def _join(work: UnitOfWork, organisation_id: int, patient_ids: Sequence[str]) -> None:
    for patient_id in await patient_members.join(work, organisation_id, patient_ids, is_primary=True):
        target = f"organisation/{organisation_id}"
        actor = PatientCreated.source
        await work.record(AuditEntry("member.add", actor_service=actor, patient_id=patient_id, target=target))
