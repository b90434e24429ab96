"""Gauges that are read when Prometheus asks: how events flow, how full the pools are."""

from typing import TYPE_CHECKING

from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from quill_common.service import Parts

_BEHIND = Gauge("quill_events_behind", "Events of a source not applied yet", ("service", "source"))
_PARKED = Gauge("quill_events_parked", "Events that could not be applied", ("service",))
_HEAD = Gauge("quill_events_published", "Position of the last event", ("service",))
_POOL = Gauge("quill_database_connections_in_use", "Connections taken from the pool", ("service", "pool"))
_COUNT_PARKED = text("SELECT count(*) FROM parked_event")


async def observe_events(parts: "Parts") -> None:
    """Set the gauges of this process. What cannot be read now keeps its last value."""
    for source, followed in parts.consumer.followed.items():
        _BEHIND.labels(parts.name, source).set(max(0, followed.head - followed.position))
    _HEAD.labels(parts.name).set(parts.sequencer.head)
    for name, engine in zip(("read", "write"), parts.database.engines, strict=True):
        if isinstance(engine.pool, QueuePool):
            _POOL.labels(parts.name, name).set(engine.pool.checkedout())
    try:
        async with parts.database.reader() as reader:
            _PARKED.labels(parts.name).set(await reader.value(_COUNT_PARKED))
    except (SQLAlchemyError, OSError, TimeoutError):
        return
