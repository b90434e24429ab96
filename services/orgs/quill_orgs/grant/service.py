"""The rules of grants (contract 5.15, 5.16, X1, X2, X6)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from quill_common.access.policy import patient_exists
from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.events.catalogue.orgs import AccessGranted, AccessRevoked
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.callers import AccessDenied
from quill_common.http.errors import NotFound, PatientNotFound
from quill_common.http.paging import InvalidCursor, Page
from sqlalchemy import Row

from quill_orgs.grant import repository

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Outcome = Literal["granted", "live", "revoked"]


class NoActiveGrant(NotFound):
    detail = "Active access grant not found"


def manages_access(principal: Principal, patient_id: str) -> bool:
    """Whether the principal may invite people to the patient's record and see who has access to it."""
    return principal.patient_id == patient_id or principal.is_admin


async def listed(
    reader: Reader, principal: Principal, patient_id: str, page: Page
) -> tuple[Sequence[Row[Any]], str | None]:
    """A page of the patient's live grants, and the next cursor. Raises AccessDenied, PatientNotFound, InvalidCursor."""
    if not manages_access(principal, patient_id):
        raise AccessDenied
    if not await patient_exists(reader, patient_id):
        raise PatientNotFound
    return page.cut(await repository.page(reader, patient_id, _place(page), page.fetch), _key)


async def grant(write: UnitOfWork, user_id: int, patient_id: str, *, granted_by: int, invited_at: datetime) -> Outcome:
    """Have a live grant: `granted` now, or `live` before; `revoked` when that was after the invitation, which stays."""
    if await repository.grant(write, user_id, patient_id, granted_by, invited_at):
        await write.publish(AccessGranted(user_id=user_id, patient_id=patient_id))
        return "granted"
    return "live" if await repository.is_live(write, user_id, patient_id) else "revoked"


async def revoke(write: UnitOfWork, user_id: int, patient_id: str, revoked_by: int) -> None:
    """End a live grant; the row stays. Raises NoActiveGrant."""
    if not await repository.revoke(write, user_id, patient_id, revoked_by):
        raise NoActiveGrant
    await write.publish(AccessRevoked(user_id=user_id, patient_id=patient_id))


def _key(row: Row[Any]) -> tuple[int, int]:
    return (row.granted_at - _EPOCH) // _MICROSECOND, row.id


def _place(page: Page) -> tuple[datetime, int] | None:
    """Time and id of the last row of the page before."""
    key = page.after(int, int)
    if key is None:
        return None
    try:
        return _EPOCH + key[0] * _MICROSECOND, key[1]
    except OverflowError as problem:
        raise InvalidCursor from problem
