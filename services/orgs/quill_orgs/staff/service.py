"""The rules of staff membership."""

from quill_common.access.levels import at_least
from quill_common.events.catalogue.orgs import StaffAdded, StaffRemoved
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import BadRequest, Conflict, UserNotFound

from quill_orgs.organisation import repository as organisations
from quill_orgs.organisation.errors import MembershipNotFound, OrganizationNotFound
from quill_orgs.staff import repository


class BelowStaff(BadRequest):
    detail = "User must have staff-level permissions or above"


class AlreadyStaff(Conflict):
    detail = "User is already a staff member of this organisation"


async def add(write: UnitOfWork, organisation_id: int, user_id: int) -> str:
    """Add an active account of level staff or above; its username."""
    if not await organisations.is_there(write, organisation_id):
        raise OrganizationNotFound
    user = await repository.user(write, user_id)
    if user is None or not user.is_active:
        raise UserNotFound
    if not at_least(user.level, "staff"):
        raise BelowStaff
    if not await join(write, organisation_id, user_id):
        raise AlreadyStaff
    return str(user.username)


async def join(write: UnitOfWork, organisation_id: int, user_id: int) -> bool:
    """Put a user on the staff list, primary exactly when the user has no primary organisation yet.

    False, with nothing changed, for a member and for an organisation that does not exist.
    """
    await repository.lock_memberships(write, user_id)
    is_primary = await repository.add(write, organisation_id, user_id)
    if is_primary is None:
        return False
    await write.publish(StaffAdded(organisation_id=organisation_id, user_id=user_id, is_primary=is_primary))
    return True


async def remove(write: UnitOfWork, organisation_id: int, user_id: int) -> None:
    """Take a user off the staff list; of those left, the lowest organisation takes over as primary."""
    await repository.lock_memberships(write, user_id)
    was_primary = await repository.remove(write, organisation_id, user_id)
    if was_primary is None:
        raise MembershipNotFound
    await write.publish(StaffRemoved(organisation_id=organisation_id, user_id=user_id))
    promoted = await repository.promote_lowest(write, user_id) if was_primary else None
    if promoted is not None:
        await write.publish(StaffAdded(organisation_id=promoted, user_id=user_id, is_primary=True))
