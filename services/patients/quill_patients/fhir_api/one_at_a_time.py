"""Conditional creations wait for each other until the one before is in force everywhere.

A transaction's own lock would not do: it ends with the commit, and the new patient becomes a member of the creator's
organisation, and so visible to its staff, only when orgs has heard of it. Until then the next one would find nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import Request
from quill_common.http.errors import Unavailable
from sqlalchemy import text

CONDITION: Final = "if-none-exist"

_PATIENCE_SECONDS: Final = 50.0
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtext('quill conditional create ' || current_schema))")


class TooManyAtOnce(Unavailable):
    detail = "Too many conditional creations at once"


@asynccontextmanager
async def one_at_a_time(request: Request) -> AsyncIterator[None]:
    """Let a request with If-None-Exist go alone, in this process and in all others of the service.

    Of this process one waits in PostgreSQL, and all others here: so they hold no connections that it needs.
    """
    if request.method != "POST" or CONDITION not in request.headers:
        yield
        return
    state = request.app.state
    if not hasattr(state, "conditional"):
        state.conditional = asyncio.Lock()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await state.conditional.acquire()
    except TimeoutError as problem:
        raise TooManyAtOnce from problem
    try:
        async with state.parts.database.writer() as writer:
            await writer.execute(_LOCK)
            yield
    finally:
        state.conditional.release()
