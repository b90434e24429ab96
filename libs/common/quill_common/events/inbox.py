"""How far each source has been applied, and the events that could not be. SQL only."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from quill_common.database.session import Reader, Writer
from quill_common.events.envelope import Envelope
from quill_common.events.tables import Inbox, ParkedEvent
from quill_common.topology import Service

_OF_SOURCE = Inbox.source == bindparam("of_source")
_PARKED = select(func.count()).where(ParkedEvent.source == bindparam("of_source"))
_LOCK = select(Inbox.position).where(_OF_SOURCE).with_for_update()
_BEGIN = insert(Inbox).values(source=bindparam("of_source")).on_conflict_do_nothing()
_MOVE = (
    update(Inbox)
    .where(_OF_SOURCE)
    .values(position=bindparam("to"), applied_at=func.clock_timestamp())
    .returning(_PARKED.scalar_subquery())
)
_STANDING = select(
    select(Inbox.position).where(_OF_SOURCE).scalar_subquery().label("position"),
    _PARKED.scalar_subquery().label("parked"),
)


class Standing(NamedTuple):
    """How far a source is applied, and how many events of it are parked: with any, not all it said is in force."""

    position: int
    parked: int


async def lock_position(writer: Writer, source: Service) -> int:
    """The position of `source` in this schema, locked until the transaction ends."""
    position = await writer.value(_LOCK, {"of_source": source})
    if position is None:
        await writer.execute(_BEGIN, {"of_source": source})
        position = await writer.value(_LOCK, {"of_source": source})
    return int(position)


async def move_position(writer: Writer, source: Service, position: int) -> Standing:
    """Set the locked position of `source`."""
    return Standing(position, int(await writer.value(_MOVE, {"of_source": source, "to": position})))


async def standing(reader: Reader, source: Service) -> Standing:
    """Where `source` stands now; 0 when nothing was applied yet."""
    row = await reader.row(_STANDING, {"of_source": source})
    return Standing(0, 0) if row is None else Standing(row.position or 0, row.parked)


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
