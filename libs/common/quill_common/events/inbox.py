"""How far each source has been applied, and the events that could not be. SQL only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from quill_common.database.session import Reader, Writer
from quill_common.events.envelope import Envelope
from quill_common.events.tables import Inbox, ParkedEvent
from quill_common.topology import Service


async def lock_position(writer: Writer, source: Service) -> int:
    """The position of `source` in this schema, locked until the transaction ends."""
    locked = select(Inbox.position).where(Inbox.source == source).with_for_update()
    position = await writer.value(locked)
    if position is None:
        await writer.execute(insert(Inbox).values(source=source).on_conflict_do_nothing())
        position = await writer.value(locked)
    return int(position)


async def move_position(writer: Writer, source: Service, position: int) -> None:
    await writer.execute(
        update(Inbox)
        .where(Inbox.source == source, Inbox.position != position)
        .values(position=position, applied_at=func.clock_timestamp())
    )


async def park(writer: Writer, source: Service, event: Envelope, problem: Exception, tries: int) -> None:
    """Keep an event that could not be applied, with the kind of its error (never its message: it may hold values)."""
    row = {
        "source": source,
        "position": event.position,
        "envelope": event.model_dump_json(),
        "error": type(problem).__name__,
        "tries": tries,
    }
    await writer.execute(insert(ParkedEvent).values(row).on_conflict_do_nothing())


async def parked(reader: Reader) -> Sequence[Row[Any]]:
    """All parked events, oldest first: source, position, envelope, error, tries, parked_at."""
    return await reader.rows(select(ParkedEvent.__table__).order_by(ParkedEvent.parked_at))


async def unpark(writer: Writer, source: str, position: int) -> None:
    await writer.execute(delete(ParkedEvent).where(ParkedEvent.source == source, ParkedEvent.position == position))
