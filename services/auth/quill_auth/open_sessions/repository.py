"""The SQL of the list of sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from quill_common.database.session import Reader
from sqlalchemy import DateTime, Row, Uuid, bindparam, func, select, tuple_

from quill_auth.session.tables import Session

_NEWEST = (
    select(Session.id, Session.device, Session.address, Session.created_at, Session.last_used_at, Session.expires_at)
    .where(
        Session.user_id == bindparam("user_id"),
        Session.ended_at.is_(None),
        Session.expires_at > func.clock_timestamp(),
    )
    .order_by(Session.last_used_at.desc(), Session.id.desc())
    .limit(bindparam("limit"))
)
_NEXT = _NEWEST.where(
    tuple_(Session.last_used_at, Session.id)
    < tuple_(bindparam("time", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid()))
)


@dataclass(frozen=True, slots=True)
class Place:
    """A session's place in the list."""

    time: datetime
    id: UUID


async def open_sessions(reader: Reader, user_id: int, after: Place | None, limit: int) -> Sequence[Row[Any]]:
    """Live sessions of a user, last used first."""
    values: dict[str, Any] = {"user_id": user_id, "limit": limit}
    if after is None:
        return await reader.rows(_NEWEST, values)
    return await reader.rows(_NEXT, {**values, "time": after.time, "id": after.id})
