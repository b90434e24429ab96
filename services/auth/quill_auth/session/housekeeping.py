"""Forget sessions that nothing can renew any more."""

import asyncio

from quill_common.database.engine import Database
from quill_common.log import get_logger
from sqlalchemy.exc import SQLAlchemyError

from quill_auth.session.repository import forget_expired

EVERY_SECONDS = 3600.0


async def forget_expired_sessions(database: Database) -> None:
    """Delete them every hour until cancelled."""
    while True:
        try:
            async with database.writer() as writer:
                await forget_expired(writer)
        except (SQLAlchemyError, OSError) as problem:
            get_logger().warning("housekeeping waits", error=type(problem).__name__)
        await asyncio.sleep(EVERY_SECONDS)
