"""Ask the services that decide by our events to catch up, and say which have not."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from quill_common.database.engine import Database
from quill_common.events.dependant import Dependant
from quill_common.events.sequencer import Sequencer
from quill_common.log import get_logger
from quill_common.topology import Service

_DERIVED_HEAD = text("SELECT max(position) FROM outbox WHERE cause = :cause")


class Dependants:
    """All services that project from this one."""

    def __init__(
        self, service: Service, database: Database, sequencer: Sequencer, dependants: Sequence[Dependant]
    ) -> None:
        self._service: Service = service
        self._database = database
        self._sequencer = sequencer
        self._dependants = dependants

    async def confirm(self) -> list[Service]:
        """Wait until all have caught up with everything committed so far; the names of those that have not.

        Raises nothing: what asks has been committed, and must be answered.
        """
        try:
            position = await self._sequencer.number()
        except (SQLAlchemyError, OSError) as problem:
            get_logger().warning("nobody asked to catch up", error=type(problem).__name__)
            return sorted(dependant.name for dependant in self._dependants)
        return await self._confirm(position, (self._service,))

    async def confirm_derived(self, source: Service, chain: Sequence[Service]) -> list[Service]:
        """The same for what this service published because of events of `source`.

        `chain` names the services that wait for this one, each for the next: one that stands in it is not asked to
        see to what it derives in its turn, so that no circle of services waits for itself.
        """
        if self._service in chain:
            return []
        await self._sequencer.number()
        async with self._database.reader() as reader:
            position = await reader.value(_DERIVED_HEAD, {"cause": source})
        return await self._confirm(position, (*chain, self._service)) if position else []

    async def close(self) -> None:
        """Stop asking."""
        await asyncio.gather(*(dependant.close() for dependant in self._dependants))

    async def _confirm(self, position: int, chain: tuple[Service, ...]) -> list[Service]:
        answers = await asyncio.gather(*(dependant.reach(position, chain) for dependant in self._dependants))
        return sorted({name for pending in answers for name in pending})
