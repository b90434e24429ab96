"""Where a service keeps its counters."""

from contextlib import AsyncExitStack
from typing import Any, Final

from limits.aio.storage import RedisStorage, Storage
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from quill_common.database.engine import Database
from quill_common.limits.database_storage import DatabaseStorage
from quill_common.limits.fallback_storage import FallbackStorage
from quill_common.topology import Service

_CONNECTIONS: Final = 50
_POOL_SECONDS: Final = 5.0  # a burst that waits for a connection is no Redis that is away
# A sign-in waits this long for a Redis that does not answer, before it is counted in memory.
_ANSWER_SECONDS: Final = 1.0


def open_storage(stack: AsyncExitStack, service: Service, database: Database, redis_url: str | None) -> Storage:
    """Redis when `redis_url` is given, else the service's own database. Closed with `stack`."""
    if redis_url is None:
        return DatabaseStorage(database)
    pool = BlockingConnectionPool.from_url(
        redis_url,
        max_connections=_CONNECTIONS,
        timeout=_POOL_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),  # a kept connection may have been closed meanwhile
    )
    stack.push_async_callback(pool.aclose)
    ours: dict[str, Any] = {"connection_pool": pool}  # `limits` documents the option; its types do not know it
    redis = RedisStorage(
        "redis://",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix=f"quill:{service}",
        **ours,
    )
    return FallbackStorage(redis)
