"""What a service tidies up now and then."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from quill_common.database.engine import Database
from quill_common.database.session import Writer
from quill_common.log import get_logger

EVERY_SECONDS = 3600.0


async def housekeeping(database: Database, forget: Callable[[Writer], Awaitable[object]]) -> None:
    """Run `forget`, which deletes what is past its time, every hour until cancelled."""
    while True:
        try:
            async with database.writer() as writer:
                await forget(writer)
        except (SQLAlchemyError, OSError) as problem:
            get_logger().warning("housekeeping waits", error=type(problem).__name__)
        await asyncio.sleep(EVERY_SECONDS)
