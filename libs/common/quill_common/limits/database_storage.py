"""Counters in the service's own database, for `limits`: all instances of the service count together."""

import time

from limits.aio.storage import Storage
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from quill_common.database.engine import Database
from quill_common.database.session import Writer
from quill_common.limits.tables import RateLimit

# As the Redis script of `limits` does it: a window begins when its counter leaves zero. `now()` is one value in a
# statement, and the clock of all instances.
_INCREASE = text(
    """
    INSERT INTO rate_limit AS known (key, hits, expires_at)
    VALUES (:key, :amount, now() + make_interval(secs => :seconds))
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN known.expires_at <= now() OR known.hits = 0 THEN excluded.hits
                    ELSE known.hits + excluded.hits END,
        expires_at = CASE WHEN known.expires_at <= now() OR known.hits = 0 THEN excluded.expires_at
                          ELSE known.expires_at END
    RETURNING hits
    """
)
_HITS = text("SELECT hits FROM rate_limit WHERE key = :key AND expires_at > now()")
_SECONDS_LEFT = text(
    "SELECT CAST(greatest(extract(epoch FROM expires_at - now()), 0) AS double precision)"
    " FROM rate_limit WHERE key = :key"
)


class DatabaseStorage(Storage):
    """Raises what the database raises: without it nothing is decided, and the answer is a 503."""

    STORAGE_SCHEME = None  # made by us alone, never from an address

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount`, beginning a window of `expiry` seconds where none runs; the count in it."""
        async with self._database.statement() as writer:
            hits = await writer.value(_INCREASE, {"key": key, "amount": amount, "seconds": expiry})
        return int(hits)

    async def get(self, key: str) -> int:
        """The count in the running window."""
        async with self._database.reader() as reader:
            return int(await reader.value(_HITS, {"key": key}) or 0)

    async def get_expiry(self, key: str) -> float:
        """When the window ends, by this process's clock: the database tells how much is left of it."""
        async with self._database.reader() as reader:
            left = await reader.value(_SECONDS_LEFT, {"key": key})
        return time.time() + float(left or 0)

    async def check(self) -> bool:
        """Whether the table can be read."""
        async with self._database.reader() as reader:
            return await reader.value(select(func.count()).select_from(RateLimit)) is not None

    async def reset(self) -> int:
        """Forget all counters; how many there were."""
        async with self._database.statement() as writer:
            return await writer.execute(delete(RateLimit))

    async def clear(self, key: str) -> None:
        """Forget one counter."""
        async with self._database.statement() as writer:
            await writer.execute(delete(RateLimit).where(RateLimit.key == key))


async def forget_past_windows(writer: Writer) -> int:
    """Delete counters whose window is over; how many."""
    return await writer.execute(delete(RateLimit).where(RateLimit.expires_at < func.now()))
