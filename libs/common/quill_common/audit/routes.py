"""`GET /internal/audit`: the trail of one service, for who merges those of all."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Response
from sqlalchemy import Row

from quill_common.audit.entry import FACTS, Outcome
from quill_common.audit.repository import Sought, find
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read
from quill_common.http.errors import Forbidden, invalid
from quill_common.http.internal import calling_service, internal_router
from quill_common.http.paging import MAX_LIMIT
from quill_common.http.shapes import MAX_BIGINT

_READERS: Final = ("auth", "operator")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECOND: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


async def audit_reader(caller: Annotated[str, Depends(calling_service)]) -> None:
    if caller not in _READERS:
        raise Forbidden


router = internal_router("/internal", admit=audit_reader)

_Number = Annotated[int | None, Query(ge=-MAX_BIGINT, le=MAX_BIGINT)]
_Word = Annotated[str | None, Query(max_length=200)]


@router.get("/audit")
async def audit(
    read: Read,
    patient_id: _Word = None,
    user_id: _Number = None,
    subject_user_id: _Number = None,
    action: _Word = None,
    outcome: Outcome | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: Annotated[int | None, Query(ge=0, le=_LAST_MICROSECOND)] = None,
    before_id: Annotated[int, Query(ge=0, le=MAX_BIGINT)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT + 1)] = 100,  # one more tells whether there is a next page
) -> Response:
    """`{"entries": [...]}`, newest first, `limit` at most: fewer means that there are no more.

    Each entry: `recorded_at` (RFC 3339), `recorded_micros` (since the epoch), `id`, `position` (null until sealed) and
    the fields of AuditEntry. `patient_id` finds entries about the patient and lists that showed the patient; `user_id`
    is who acted; `since` counts in and `until` does not.

    `before` and `before_id` are exclusive: only entries with (recorded_micros, id) lower than that pair. Ids of two
    services have nothing to do with each other, so who merges pages of several in the order (recorded_micros, rank of
    the service, id) asks, after a last entry (m, r, i), a service of rank r with `before=m&before_id=i`, one that
    comes later in the order with the highest id there is (2^63-1), one that came earlier with 0.
    """
    last = None if before is None else (_EPOCH + timedelta(microseconds=before), before_id)
    sought = Sought(
        patient_id, user_id, subject_user_id, action, outcome, _utc("since", since), _utc("until", until), last, limit
    )
    return json_answer({"entries": [shown(row) for row in await find(read, sought)]})


def shown(row: Row[Any]) -> dict[str, Any]:
    """One entry as `GET /internal/audit` gives it."""
    return {
        "recorded_at": row.recorded_at,
        "recorded_micros": (row.recorded_at - _EPOCH) // timedelta(microseconds=1),
        "id": row.id,
        "position": row.position,
        **{name: getattr(row, name) for name in FACTS},
        "session_id": row.session_id and str(row.session_id),
    }


def _utc(name: str, time: datetime | None) -> datetime | None:
    """A time without an offset is in UTC. Raises a 422 for one that UTC cannot say."""
    if time is None:
        return None
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError as problem:
        raise invalid(("query", name), "is out of range") from problem
