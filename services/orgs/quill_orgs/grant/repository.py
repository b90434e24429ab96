"""The SQL of grants."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader, Writer
from sqlalchemy import BigInteger, DateTime, Integer, Row, bindparam, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from quill_orgs.grant.tables import ExternalAccess

_NEW = insert(ExternalAccess)
_GRANT = _NEW.on_conflict_do_update(
    index_elements=["user_id", "patient_id"],
    set_={
        "granted_by_user_id": _NEW.excluded.granted_by_user_id,
        "granted_at": func.clock_timestamp(),
        "revoked_at": None,
        "revoked_by_user_id": None,
    },
    where=ExternalAccess.revoked_at < bindparam("invited_at", type_=DateTime(timezone=True)),
).returning(ExternalAccess.id)

_THIS = (ExternalAccess.user_id == bindparam("of_user"), ExternalAccess.patient_id == bindparam("of_patient"))
_LIVE = select(ExternalAccess.id).where(*_THIS, ExternalAccess.revoked_at.is_(None))
_LOCK_LIVE = _LIVE.with_for_update()
_REVOKE = (
    update(ExternalAccess)
    .where(ExternalAccess.id == bindparam("grant_id"))
    .values(revoked_at=func.clock_timestamp(), revoked_by_user_id=bindparam("revoked_by"))
)

_PAGE = (
    select(
        ExternalAccess.id,
        ExternalAccess.user_id,
        AccessUser.username,
        AccessUser.email,
        AccessUser.level.label("user_type"),
        ExternalAccess.granted_at,
        ExternalAccess.access_level,
    )
    .join(AccessUser, AccessUser.id == ExternalAccess.user_id)
    .where(ExternalAccess.patient_id == bindparam("patient_id"), ExternalAccess.revoked_at.is_(None))
    .order_by(ExternalAccess.granted_at, ExternalAccess.id)
    .limit(bindparam("fetch", type_=Integer))
)
_NEXT_PAGE = _PAGE.where(
    tuple_(ExternalAccess.granted_at, ExternalAccess.id)
    > tuple_(bindparam("after_time", type_=DateTime(timezone=True)), bindparam("after_id", type_=BigInteger))
)


async def page(reader: Reader, patient_id: str, after: tuple[datetime, int] | None, fetch: int) -> Sequence[Row[Any]]:
    """Up to `fetch` live grants after a place, by `granted_at` and id, each with the account as it is now.

    `id`, `user_id`, `username`, `email`, `user_type`, `granted_at`, `access_level`.
    """
    asked: dict[str, Any] = {"patient_id": patient_id, "fetch": fetch}
    if after is None:
        return await reader.rows(_PAGE, asked)
    return await reader.rows(_NEXT_PAGE, {**asked, "after_time": after[0], "after_id": after[1]})


async def grant(writer: Writer, user_id: int, patient_id: str, granted_by: int, invited_at: datetime) -> bool:
    """Make a grant, or make one live again that was revoked before `invited_at`; whether it was one of these.

    If not, the row stands as it was and is held to the end of the transaction.
    """
    row = {"user_id": user_id, "patient_id": patient_id, "granted_by_user_id": granted_by}
    return await writer.value(_GRANT, {**row, "invited_at": invited_at}) is not None


async def is_live(reader: Reader, user_id: int, patient_id: str) -> bool:
    return await reader.value(_LIVE, {"of_user": user_id, "of_patient": patient_id}) is not None


async def revoke(writer: Writer, user_id: int, patient_id: str, revoked_by: int) -> bool:
    """End a live grant; False when there is none."""
    # Two statements: the time of the revocation must not be from before the wait for the row.
    grant_id = await writer.value(_LOCK_LIVE, {"of_user": user_id, "of_patient": patient_id})
    if grant_id is None:
        return False
    return await writer.execute(_REVOKE, {"grant_id": grant_id, "revoked_by": revoked_by}) > 0
