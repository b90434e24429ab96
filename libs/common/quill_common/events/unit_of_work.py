"""One transaction of a service: its changes and the events that tell of them, both or neither."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from quill_common.audit.entry import AuditEntry, Who
from quill_common.audit.writing import write_entries
from quill_common.database.engine import Database
from quill_common.database.session import Reader, Writer
from quill_common.events.envelope import Event
from quill_common.events.projection import Projection
from quill_common.events.tables import Outbox
from quill_common.topology import Service

# Held to the commit, and held alone by a rebuild: a row that is deleted while the rebuild puts it in again would stay.
_SHARE_OWN_PROJECTION = text("SELECT pg_advisory_xact_lock_shared(hashtext('quill own projection ' || current_schema))")
_OWN_PROJECTION_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('quill own projection ' || current_schema))")


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
        who: Callable[[], Who] = Who,
    ) -> None:
        super().__init__(connection)
        self.request_id = request_id
        self.cause = cause
        self.replaying = replaying
        self._projection = projection
        self._who = who
        self._published: list[tuple[Event, str | None]] = []
        self._found_done = False
        self.recorded: list[AuditEntry] = []
        self.wakes: set[str] = set()

    async def publish(self, event: Event) -> None:
        """Publish `event` with this transaction, and apply it to the service's own projection at once.

        Call it after the change it tells of, so that events about one thing stand in the order of the changes.
        While a projection is replayed nothing is published: what followed from the event is in the log already.
        """
        await self.publish_all((event,))

    async def publish_all(self, events: Sequence[Event]) -> None:
        """Publish `events` in their order, with as few statements as the handlers allow."""
        if self.replaying:
            return
        kept = [event for event in events if self._projection.keeps(event)]
        if kept:
            await self.execute(_SHARE_OWN_PROJECTION)
            await self._projection.apply_own(self, kept)
        self._published.extend((event, self.request_id) for event in events)

    async def record(self, entry: AuditEntry) -> None:
        """Put `entry` on record with this transaction. Where it does not say who acts, that is who asked for this.

        While a projection is replayed nothing is recorded: it was when it happened.
        """
        if not self.replaying:
            self.recorded.append(replace(entry.by(self._who()), request_id=entry.request_id or self.request_id))

    def wake_after_commit(self, loop: str) -> None:
        """Have the background loop of that name woken when this is committed: it left something for it to do."""
        self.wakes.add(loop)

    def found_done(self) -> None:
        """Say that nothing is left to change: the answer is about an earlier change, and waits as that one had to."""
        self._found_done = True

    @property
    def is_found_done(self) -> bool:
        """Whether nothing was left to change."""
        return self._found_done

    @property
    def published(self) -> tuple[Event, ...]:
        return tuple(event for event, _ in self._published)

    @property
    def awaited(self) -> bool:
        """Whether others decide access by something that was published here, or before to the same effect."""
        return self._found_done or any(event.awaited for event in self.published)

    async def stop_own_publishing(self) -> None:
        """Wait for all who publish what this service projects from itself, and keep others from it until the end."""
        await self.execute(_OWN_PROJECTION_ALONE)

    async def write_outbox(self) -> None:
        """Store the events and what was recorded; the last statements before the commit."""
        if self._published:
            await self.execute(insert(Outbox), [self._row(*each) for each in self._published])
        await write_entries(self, self.recorded)

    def _row(self, event: Event, request_id: str | None) -> dict[str, Any]:
        return {
            "type": event.type,
            "subject": event.subject(),
            "data": event.model_dump_json(),
            "request_id": request_id,
            "cause": self.cause,
        }


class UnitsOfWork:
    """Opens units of work on one service's database."""

    def __init__(self, database: Database, projection: Projection) -> None:
        self._database = database
        self._projection = projection
        self.on_published: Callable[[], None] = lambda: None
        self.on_recorded: Callable[[Sequence[AuditEntry]], None] = lambda _: None
        self.wakes: dict[str, Callable[[], None]] = {}

    def reader(self) -> AbstractAsyncContextManager[Reader]:
        """Outside any transaction: the latest committed state."""
        return self._database.reader()

    @asynccontextmanager
    async def open(
        self,
        *,
        request_id: str | None = None,
        cause: Service | None = None,
        replaying: bool = False,
        who: Callable[[], Who] = Who,
    ) -> AsyncIterator[UnitOfWork]:
        """Commit changes and events together when the block ends well; undo both when it raises.

        `who` tells, when something is recorded, who acts.

        After a commit with events `on_published` is called, after one with audit entries `on_recorded`, and
        those of `wakes` that the unit named.
        """
        async with self._database.write_connection() as connection:
            work = UnitOfWork(
                connection, self._projection, request_id=request_id, cause=cause, replaying=replaying, who=who
            )
            yield work
            await work.write_outbox()
        if work.published:
            self.on_published()
        if work.recorded:
            self.on_recorded(work.recorded)
        for loop in work.wakes & self.wakes.keys():
            self.wakes[loop]()
