"""Find what is on record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, tuple_, union_all

from quill_common.audit.entry import FACTS
from quill_common.audit.tables import AuditRow
from quill_common.database.session import Reader

_TABLE = AuditRow.__table__
_SHOWN = [_TABLE.c[name] for name in ("recorded_at", "id", "position", *FACTS)]


@dataclass(frozen=True, slots=True)
class Sought:
    """What entries are asked for. `before` is exclusive: the time and id of the last entry of the page before."""

    patient_id: str | None = None
    user_id: int | None = None
    subject_user_id: int | None = None
    action: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, int] | None = None
    limit: int = 100


async def find(reader: Reader, sought: Sought) -> list[Row[Any]]:
    """The newest `limit` entries that match, newest first. `since` counts in, `until` does not."""
    return list(await reader.rows(statement_for(sought)))


def statement_for(sought: Sought) -> Select[Any]:
    """Both ways in which an entry is about a patient have their own index, and each its own limit."""
    conditions = _conditions(sought)
    if sought.patient_id is None:
        return _newest(sought, conditions)
    alone = _newest(sought, [*conditions, _TABLE.c.patient_id == sought.patient_id])
    among = [
        _TABLE.c.patient_ids.contains([sought.patient_id]),
        _TABLE.c.patient_id.is_distinct_from(sought.patient_id),
    ]
    listed = _newest(sought, [*conditions, *among])
    # Parentheses: each part keeps its own order and limit.
    both = union_all(alone.subquery().select(), listed.subquery().select()).subquery()
    return select(both).order_by(both.c.recorded_at.desc(), both.c.id.desc()).limit(sought.limit)


def _newest(sought: Sought, conditions: list[ColumnElement[bool]]) -> Select[Any]:
    newest = select(*_SHOWN).where(*conditions)
    return newest.order_by(_TABLE.c.recorded_at.desc(), _TABLE.c.id.desc()).limit(sought.limit)


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    equal = {
        "actor_id": sought.user_id,
        "subject_user_id": sought.subject_user_id,
        "action": sought.action,
        "outcome": sought.outcome,
    }
    conditions: list[ColumnElement[bool]] = [
        _TABLE.c[name] == value for name, value in equal.items() if value is not None
    ]
    if sought.since is not None:
        conditions.append(_TABLE.c.recorded_at >= sought.since)
    if sought.until is not None:
        conditions.append(_TABLE.c.recorded_at < sought.until)
    if sought.before is not None:
        # The first condition is implied by the second: it lets whole months be left out.
        conditions.append(_TABLE.c.recorded_at <= sought.before[0])
        conditions.append(tuple_(_TABLE.c.recorded_at, _TABLE.c.id) < tuple_(*sought.before))
    return conditions
