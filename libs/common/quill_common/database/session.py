"""What a query runs on. A `Reader` cannot write; a `Writer` is one open transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Reader:
    """Runs statements on a read-only connection, each seeing the latest committed state.

    PostgreSQL itself refuses a write here (`default_transaction_read_only`).
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def let_go(self) -> None:
        """Give the connection back until the next statement, before something else than the database is waited for.

        So that others find one meanwhile. A transaction keeps its own.
        """

    async def rows(self, statement: Executable, params: Params = None) -> Sequence[Row[Any]]:
        """All rows of the answer."""
        return (await self._run(statement, params)).all()

    async def row(self, statement: Executable, params: Params = None) -> Row[Any] | None:
        """The first row, or None when there is none."""
        return (await self._run(statement, params)).first()

    async def value(self, statement: Executable, params: Params = None) -> Any:
        """The first column of the first row, or None when there is no row."""
        return (await self._run(statement, params)).scalar()

    async def values(self, statement: Executable, params: Params = None) -> Sequence[Any]:
        """The first column of every row."""
        return (await self._run(statement, params)).scalars().all()

    async def _run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        return await self._connection.execute(statement, params)


class ReturningReader(Reader):
    """A reader that can let go: `connect` gives it another connection, and each statement stands alone."""

    def __init__(self, connection: AsyncConnection, connect: Callable[[], AsyncConnection]) -> None:
        super().__init__(connection)
        self._connect = connect

    async def let_go(self) -> None:
        # `async with` would close it in a task of its own, for a ROLLBACK that autocommit does not need.
        await self._connection.close()

    async def _run(self, statement: Executable, params: Params) -> CursorResult[Any]:
        if self._connection.closed:
            self._connection = await self._connect().start()
        return await super()._run(statement, params)


class Writer(Reader):
    """Runs statements inside one transaction that the unit of work commits."""

    async def execute(self, statement: Executable, params: Params = None) -> int:
        """Run a statement for its effect; the number of rows it touched."""
        return (await self._run(statement, params)).rowcount

    def savepoint(self) -> AsyncTransaction:
        """`async with writer.savepoint(): ...` undoes only that block when it raises."""
        return self._connection.begin_nested()
