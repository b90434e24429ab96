"""The SQL of revocations."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from quill_common.database.session import Reader
from quill_common.events.catalogue.auth import SessionRevoked
from quill_common.events.tables import Outbox
from sqlalchemy import Interval, Row, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from quill_auth.session.tables import Session

_RECENT = (
    select(Session.id.label("session_id"), Session.ended_at.label("time"))
    .where(Session.ended_at > func.clock_timestamp() - bindparam("since", type_=Interval()))
    .order_by(Session.ended_at)
)

_PUBLISHED = (
    select(
        Outbox.position,
        cast(Outbox.data, JSONB)["session_id"].astext.label("session_id"),
        Outbox.time,
    )
    .where(
        Outbox.position > bindparam("after"),
        Outbox.position <= bindparam("head"),
        Outbox.type == SessionRevoked.type,
    )
    .order_by(Outbox.position)
    .limit(bindparam("limit"))
)


async def ended_within(reader: Reader, since: timedelta) -> Sequence[Row[Any]]:
    """`session_id` and `time` of the sessions that ended within the last `since`."""
    return await reader.rows(_RECENT, {"since": since})


async def published_between(reader: Reader, after: int, head: int, limit: int) -> Sequence[Row[Any]]:
    """`position`, `session_id` and `time` of the revocations at the positions after `after` up to `head`."""
    return await reader.rows(_PUBLISHED, {"after": after, "head": head, "limit": limit})
