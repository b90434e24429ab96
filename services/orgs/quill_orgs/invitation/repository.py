"""The SQL of invitations."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader, Writer
from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from quill_orgs.invitation.schemas import NewInvitation
from quill_orgs.invitation.tables import Invitation

LIFETIME: Final = timedelta(days=7)

_TABLE = Invitation.__table__
_GOOD = select(_TABLE).where(
    Invitation.id == bindparam("invitation_id"), Invitation.created_at > func.clock_timestamp() - LIFETIME
)
_LOCK_GOOD = _GOOD.with_for_update()
_ACCEPT = (
    update(Invitation)
    .where(Invitation.id == bindparam("invitation_id"))
    .values(
        accepted_at=func.clock_timestamp(),
        accepted_by_user_id=bindparam("user_id"),
        registered=bindparam("was_registered"),
    )
)
_ACTIVE = select(AccessUser.is_active).where(AccessUser.id == bindparam("user_id"))
_OVER = delete(Invitation).where(Invitation.created_at < func.clock_timestamp() - LIFETIME - timedelta(days=1))


async def add(
    writer: Writer, invitation_id: uuid.UUID, patient_id: str, wanted: NewInvitation, inviter_id: int
) -> datetime:
    """Store an invitation; when, by the clock that revocations go by too."""
    row = insert(Invitation).values(
        id=invitation_id,
        patient_id=patient_id,
        email=wanted.email,
        user_type=wanted.user_type,
        inviter_id=inviter_id,
    )
    created: datetime = await writer.value(row.returning(Invitation.created_at))
    return created


async def good(reader: Reader, invitation_id: uuid.UUID) -> Row[Any] | None:
    """The invitation, None when there is no such or it is too old."""
    return await reader.row(_GOOD, {"invitation_id": invitation_id})


async def locked_good(writer: Writer, invitation_id: uuid.UUID) -> Row[Any] | None:
    """The same, held against other acceptances to the end of the transaction."""
    return await writer.row(_LOCK_GOOD, {"invitation_id": invitation_id})


async def accept(writer: Writer, invitation_id: uuid.UUID, user_id: int, *, registered: bool) -> None:
    """Note by whom it was accepted first."""
    await writer.execute(_ACCEPT, {"invitation_id": invitation_id, "user_id": user_id, "was_registered": registered})


async def is_active(reader: Reader, user_id: int) -> bool | None:
    """Whether the account is active, None while we have not heard of it."""
    active: bool | None = await reader.value(_ACTIVE, {"user_id": user_id})
    return active


async def forget_over(writer: Writer) -> int:
    """Delete invitations that are over, with the addresses in them; how many."""
    return await writer.execute(_OVER)
