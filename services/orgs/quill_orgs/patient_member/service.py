"""The rules of patient membership."""

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
    if not await join(write, organisation_id, patient_id, is_primary=False):
        raise AlreadyPatient


async def join(write: UnitOfWork, organisation_id: int, patient_id: str, *, is_primary: bool) -> bool:
    """Make the patient a member; primary if asked for and the patient has no primary one yet.

    False, with nothing changed, for a member and for a missing organisation.
    """
    if is_primary:
        await repository.lock_memberships(write, patient_id)
    if not await repository.add(write, organisation_id, patient_id, is_primary=is_primary):
        return False
    await write.publish(PatientAdded(organisation_id=organisation_id, patient_id=patient_id))
    return True


async def remove(write: UnitOfWork, organisation_id: int, patient_id: str) -> None:
    """End the membership. Conversations that the organisation is linked to keep it."""
    if not await repository.remove(write, organisation_id, patient_id):
        raise MembershipNotFound
    await write.publish(PatientRemoved(organisation_id=organisation_id, patient_id=patient_id))
