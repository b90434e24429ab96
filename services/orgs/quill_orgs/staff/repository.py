"""The SQL of staff membership."""

from collections.abc import Sequence
from typing import Any

from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader, Writer
from sqlalchemy import Row, bindparam, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from quill_orgs.organisation.tables import Organisation
from quill_orgs.staff.tables import StaffMember

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))")
_USER = select(AccessUser.username, AccessUser.level, AccessUser.is_active).where(AccessUser.id == bindparam("user_id"))
_MEMBERS = (
    select(AccessUser.id, AccessUser.username, AccessUser.email, StaffMember.is_primary)
    .join(StaffMember, StaffMember.user_id == AccessUser.id)
    .where(StaffMember.organisation_id == bindparam("organisation_id"))
    .order_by(AccessUser.id)
)


async def user(reader: Reader, user_id: int) -> Row[Any] | None:
    """The account's `username`, `level` and `is_active`."""
    return await reader.row(_USER, {"user_id": user_id})


async def members(reader: Reader, organisation_id: int) -> Sequence[Row[Any]]:
    """Everybody on the staff list: `id`, `username`, `email`, `is_primary`; by id."""
    return await reader.rows(_MEMBERS, {"organisation_id": organisation_id})


async def lock_memberships(writer: Writer, user_id: int) -> None:
    """Change one user's memberships one after the other, until the transaction ends.

    The unique index alone allows no second primary; but an addition that looks while the primary row is being removed
    would leave the user without any.
    """
    await writer.value(_LOCK, {"lock": f"orgs/staff/{user_id}"})


async def add(writer: Writer, organisation_id: int, user_id: int) -> bool | None:
    """Whether the new row is primary; None when the user is a member already or there is no such organisation."""
    primary = StaffMember.__table__.alias("primary_one")
    has_primary = select(primary.c.user_id).where(primary.c.user_id == user_id, primary.c.is_primary).exists()
    row = select(Organisation.id, literal(user_id), ~has_primary).where(Organisation.id == organisation_id)
    added = insert(StaffMember).from_select(["organisation_id", "user_id", "is_primary"], row)
    key = ["organisation_id", "user_id"]
    is_primary: bool | None = await writer.value(
        added.on_conflict_do_nothing(index_elements=key).returning(StaffMember.is_primary)
    )
    return is_primary


async def remove(writer: Writer, organisation_id: int, user_id: int) -> bool | None:
    """Whether the removed row was primary; None when there was none."""
    was_primary: bool | None = await writer.value(
        delete(StaffMember)
        .where(StaffMember.organisation_id == organisation_id, StaffMember.user_id == user_id)
        .returning(StaffMember.is_primary)
    )
    return was_primary


async def promote_lowest(writer: Writer, user_id: int) -> int | None:
    """Make the membership with the lowest organisation id primary; that id, None when none is left."""
    other = StaffMember.__table__.alias("other")
    lowest = select(func.min(other.c.organisation_id)).where(other.c.user_id == user_id).scalar_subquery()
    promoted: int | None = await writer.value(
        update(StaffMember)
        .where(StaffMember.user_id == user_id, StaffMember.organisation_id == lowest)
        .values(is_primary=True)
        .returning(StaffMember.organisation_id)
    )
    return promoted
