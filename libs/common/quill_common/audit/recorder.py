"""Record what happened outside a transaction: requests that do so at the same time share one statement and commit.

A read of a patient's data is answered only once it is on record, so the wait is on the path of every such request.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from quill_common.audit.entry import AuditEntry
from quill_common.audit.writing import write_entries
from quill_common.database.engine import Database
from quill_common.http.errors import Unavailable
from quill_common.log import get_logger, request_id

MAX_BATCH: Final = 500

Waiting = tuple[AuditEntry, "asyncio.Future[None]"]


class AuditUnavailable(Unavailable):
    """The act could not be recorded, so it is not answered."""


class AuditRecorder:
    """`database` is for this alone: a pool that is full of waiting requests must not stop their audit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Waiting] = []
        self._flusher: asyncio.Task[None] | None = None
        self.on_recorded: Callable[[Sequence[AuditEntry]], None] = lambda _: None

    async def record(self, entry: AuditEntry) -> None:
        """Return once `entry` is committed; raises AuditUnavailable (503) when it cannot be.

        One who is cancelled while waiting is still recorded. Without a `request_id` it gets the one of this request.
        """
        if entry.request_id is None:
            entry = replace(entry, request_id=request_id())
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        await written

    async def close(self) -> None:
        """Write what still waits."""
        while self._flusher is not None:
            await asyncio.wait([self._flusher])

    async def _flush(self) -> None:
        """Write until nobody waits; those who arrive during one statement share the next."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._write(batch)
        finally:
            # After an error that nobody foresaw, those who came meanwhile must not wait for the next to come.
            self._flusher = asyncio.create_task(self._flush()) if self._waiting else None

    async def _write(self, batch: Sequence[Waiting]) -> None:
        entries = [entry for entry, _ in batch]
        try:
            await self._insert(entries)
        except (SQLAlchemyError, OSError, TimeoutError) as problem:
            get_logger().error("audit unavailable", error=type(problem).__name__, entries=len(batch))
            _tell(batch, problem)
        except BaseException as problem:
            _tell(batch, problem)
            raise
        else:
            _tell(batch, None)
            self.on_recorded(entries)

    async def _insert(self, entries: Sequence[AuditEntry]) -> None:
        """Once more on a connection that turns out to be dead: it may have been idle since the server went away.

        If only the answer was lost, the entries are there twice, under the same request.
        """
        try:
            await self._insert_once(entries)
        except DBAPIError as problem:
            if not problem.connection_invalidated:
                raise
            await self._insert_once(entries)

    async def _insert_once(self, entries: Sequence[AuditEntry]) -> None:
        async with self._database.statement() as writer:
            await write_entries(writer, entries)


def _tell(batch: Sequence[Waiting], problem: BaseException | None) -> None:
    for _, written in batch:
        if written.done():  # by the cancellation of who waited
            continue
        if problem is None:
            written.set_result(None)
        else:
            refusal = AuditUnavailable()
            refusal.__cause__ = problem
            written.set_exception(refusal)
