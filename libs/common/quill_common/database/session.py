"""What a query runs on. A `Reader` cannot write; a `Writer` is one open transaction."""

from collections.abc import Mapping, Sequence
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


class Writer(Reader):
    """Runs statements inside one transaction that the unit of work commits."""

    async def execute(self, statement: Executable, params: Params = None) -> int:
        """Run a statement for its effect; the number of rows it touched."""
        return (await self._run(statement, params)).rowcount

    def savepoint(self) -> AsyncTransaction:
        """`async with writer.savepoint(): ...` undoes only that block when it raises."""
        return self._connection.begin_nested()
