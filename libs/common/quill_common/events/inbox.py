"""How far each source has been applied, and the events that could not be. SQL only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, func, select, update
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


async def position_of(reader: Reader, source: Service) -> int:
    """The position of `source` as committed."""
    return int(await reader.value(select(Inbox.position).where(Inbox.source == source)) or 0)


async def has_parked(reader: Reader, source: Service) -> bool:
    """Whether events of `source` are parked: then not all that it published is in force here."""
    return bool(await reader.value(select(exists().where(ParkedEvent.source == source))))


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
    """All parked events in the order of their sources: source, position, envelope, error, tries, parked_at."""
    return await reader.rows(select(ParkedEvent.__table__).order_by(ParkedEvent.source, ParkedEvent.position))


async def parked_positions(reader: Reader, source: Service) -> frozenset[int]:
    return frozenset(await reader.values(select(ParkedEvent.position).where(ParkedEvent.source == source)))


async def unpark(writer: Writer, source: Service, position: int) -> bool:
    """Take a parked event out; whether it was still there."""
    gone = delete(ParkedEvent).where(ParkedEvent.source == source, ParkedEvent.position == position)
    return await writer.execute(gone) == 1


async def failed_again(writer: Writer, source: Service, position: int, problem: Exception) -> None:
    """Note another try and what came of it."""
    await writer.execute(
        update(ParkedEvent)
        .where(ParkedEvent.source == source, ParkedEvent.position == position)
        .values(tries=ParkedEvent.tries + 1, error=type(problem).__name__)
    )
