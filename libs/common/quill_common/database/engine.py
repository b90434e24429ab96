"""One service's database: a pool for reading, a pool for writing, under the service's own role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from quill_common.database.session import Reader, ReturningReader, Writer

CONNECT_SECONDS = 5
STATEMENT_MS = 15_000
IDLE_IN_TRANSACTION_MS = 30_000


class Database:
    """The two pools. Reading is autocommit and read-only; writing is one transaction a unit of work.

    Raises SQLAlchemy's `OperationalError` and `TimeoutError` or `OSError` when PostgreSQL is away;
    `quill_common.http.errors` turns them into 503.
    """

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = make_url(url).set(drivername="postgresql+asyncpg")
        self._read = _engine(self, pool_size, read_only=True)
        self._write = _engine(self, pool_size, read_only=False)

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        reader = ReturningReader(await self._read.connect().start(), self._read.connect)
        try:
            yield reader
        finally:
            await reader.let_go()

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        """One transaction: committed when the block ends well, undone when it raises."""
        async with self.write_connection() as connection:
            yield Writer(connection)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Writer]:
        """For one statement that changes all that is to change: its own transaction, without BEGIN and COMMIT."""
        async with self._write.connect() as connection:
            yield Writer(await connection.execution_options(isolation_level="AUTOCOMMIT"))

    @asynccontextmanager
    async def write_connection(self) -> AsyncIterator[AsyncConnection]:
        """The transaction under `writer`, for the unit of work."""
        async with self._write.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self._read.dispose()
        await self._write.dispose()

    @property
    def engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        """The engines for reading and for writing, for metrics and for the statement counter of the tests."""
        return self._read, self._write


def _engine(database: Database, pool_size: int, *, read_only: bool) -> AsyncEngine:
    server_settings = {
        "application_name": "quill",
        "statement_timeout": str(STATEMENT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        "default_transaction_read_only": "on" if read_only else "off",
        "jit": "off",
    }
    return create_async_engine(
        database.url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=False,
        hide_parameters=True,
        pool_reset_on_return=None if read_only else "rollback",
        # The text of a database error reaches the log; what was written must not.
        connect_args={"server_settings": server_settings, "timeout": CONNECT_SECONDS},
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        isolation_level="AUTOCOMMIT" if read_only else "READ COMMITTED",
    )
