"""The rules of patient membership."""

from collections.abc import Sequence

from quill_common.access.policy import patient_exists
from quill_common.events.catalogue.orgs import PatientAdded, PatientRemoved
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import Conflict, PatientNotFound

from quill_orgs.organisation import repository as organisations
from quill_orgs.organisation.errors import MembershipNotFound, OrganizationNotFound
from quill_orgs.patient_member import repository


class AlreadyPatient(Conflict):
    detail = "Patient is already a member of this organisation"


async def add(write: UnitOfWork, organisation_id: int, patient_id: str) -> None:
    """Add an existing patient; the organisation's staff can see the patient from then on."""
    if not await organisations.is_there(write, organisation_id):
        raise OrganizationNotFound
    if not await patient_exists(write, patient_id):
        raise PatientNotFound
    if not await join(write, organisation_id, [patient_id]):
        raise AlreadyPatient


async def join(
    write: UnitOfWork, organisation_id: int, patient_ids: Sequence[str], *, is_primary: bool = False
) -> Sequence[str]:
    """Make patients members, primary if asked for and the patient has no primary organisation yet; whom it made so.

    Not members, and nobody where there is no such organisation.
    """
    if is_primary:
        await repository.lock_memberships(write, patient_ids)
    added = await repository.add(write, organisation_id, patient_ids, is_primary=is_primary)
    await write.publish_all([PatientAdded(organisation_id=organisation_id, patient_id=each) for each in added])
    return added


async def remove(write: UnitOfWork, organisation_id: int, patient_id: str) -> None:
    """End the membership. Conversations that the organisation is linked to keep it."""
    if not await repository.remove(write, organisation_id, patient_id):
        raise MembershipNotFound
    await write.publish(PatientRemoved(organisation_id=organisation_id, patient_id=patient_id))
