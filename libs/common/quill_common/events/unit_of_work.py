"""One transaction of a service: its changes and the events that tell of them, both or neither."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from quill_common.database.engine import Database
from quill_common.database.session import Writer
from quill_common.events.envelope import Event
from quill_common.events.projection import Projection
from quill_common.events.tables import Outbox
from quill_common.topology import Service


class UnitOfWork(Writer):
    """An open transaction that can publish."""

    def __init__(
        self,
        connection: AsyncConnection,
        projection: Projection,
        *,
        request_id: str | None = None,
        cause: Service | None = None,
        replaying: bool = False,
    ) -> None:
        super().__init__(connection)
        self.request_id = request_id
        self.cause = cause
        self.replaying = replaying
        self._projection = projection
        self._published: list[Event] = []

    async def publish(self, event: Event) -> None:
        """Publish `event` with this transaction, and apply it to the service's own projection at once.

        Call it after the change it tells of, so that events about one thing stand in the order of the changes.
        While a projection is replayed nothing is published: what followed from the event is in the log already.
        """
        if self.replaying:
            return
        self._published.append(event)
        await self._projection.apply_own(self, event)

    @property
    def published(self) -> tuple[Event, ...]:
        return tuple(self._published)

    @property
    def awaited(self) -> bool:
        """Whether others decide access by something that was published here."""
        return any(event.awaited for event in self._published)

    async def write_outbox(self) -> None:
        """Store the events; the last statement before the commit."""
        if self._published:
            await self.execute(insert(Outbox), [self._row(event) for event in self._published])

    def _row(self, event: Event) -> dict[str, Any]:
        return {
            "type": event.type,
            "subject": event.subject(),
            "data": event.model_dump_json(),
            "request_id": self.request_id,
            "cause": self.cause,
        }


class UnitsOfWork:
    """Opens units of work on one service's database."""

    def __init__(self, database: Database, projection: Projection) -> None:
        self._database = database
        self._projection = projection

    @asynccontextmanager
    async def open(
        self, *, request_id: str | None = None, cause: Service | None = None, replaying: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """Commit changes and events together when the block ends well; undo both when it raises."""
        async with self._database.write_connection() as connection:
            work = UnitOfWork(connection, self._projection, request_id=request_id, cause=cause, replaying=replaying)
            yield work
            await work.write_outbox()
