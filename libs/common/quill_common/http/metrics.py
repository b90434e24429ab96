"""Gauges that are read when Prometheus asks: how events flow, how full the pools are."""

from typing import TYPE_CHECKING

from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from quill_common.service import Parts

_BEHIND = Gauge("quill_events_behind", "Events of a source not applied yet", ("service", "source"))
_LAG = Gauge("quill_events_lag_seconds", "Age of the oldest event of a source not applied yet", ("service", "source"))
_APPLIED = Gauge("quill_events_applied", "Position of the last event of a source applied", ("service", "source"))
_LEVEL = Gauge("quill_events_following", "1 while a source can be asked and was caught up with", ("service", "source"))
_PARKED = Gauge("quill_events_parked", "Events of a source that could not be applied", ("service", "source"))
_HEAD = Gauge("quill_events_published", "Position of the last event", ("service",))
_POOL = Gauge("quill_database_connections_in_use", "Connections taken from the pool", ("service", "pool"))
_COUNT_PARKED = text("SELECT source, count(*) AS events FROM parked_event GROUP BY source")


async def observe_events(parts: "Parts") -> None:
    """Set the gauges of this process. What cannot be read now keeps its last value."""
    for source, followed in parts.consumer.followed.items():
        _BEHIND.labels(parts.name, source).set(followed.behind)
        _LAG.labels(parts.name, source).set(followed.lag_seconds)
        _APPLIED.labels(parts.name, source).set(followed.position)
        _LEVEL.labels(parts.name, source).set(followed.state == "ok")
    _HEAD.labels(parts.name).set(parts.sequencer.head)
    for name, engine in zip(("read", "write"), parts.database.engines, strict=True):
        if isinstance(engine.pool, QueuePool):
            _POOL.labels(parts.name, name).set(engine.pool.checkedout())
    try:
        async with parts.database.reader() as reader:
            parked = {row.source: row.events for row in await reader.rows(_COUNT_PARKED)}
    except (SQLAlchemyError, OSError, TimeoutError):
        return
    for source in parts.consumer.followed:
        _PARKED.labels(parts.name, source).set(parked.get(source, 0))
