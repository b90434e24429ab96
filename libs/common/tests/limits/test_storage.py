"""What every store of counters does alike."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from limits.aio.storage import Storage
from quill_common.database.engine import Database
from quill_common.limits import fallback_storage
from quill_common.limits.database_storage import forget_past_windows
from quill_common.limits.fallback_storage import FallbackStorage
from quill_common.limits.storage import open_storage
from quill_common.testing.database import TestDatabase
from sqlalchemy import text


@pytest.fixture
async def database(shared_database: TestDatabase) -> AsyncIterator[Database]:
    database = Database(shared_database.urls["letters"], 5)
    yield database
    await database.close()


@pytest.fixture(params=["database", "redis"])
async def store(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Storage]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    async with AsyncExitStack() as stack:
        yield open_storage(stack, "letters", database, url)


@pytest.fixture
def key() -> str:
    return uuid4().hex


async def _until_it_ends(store: Storage, key: str) -> None:
    async with asyncio.timeout(60):
        while await store.get(key) != 0:  # noqa: ASYNC110 - a window ends by itself and tells nobody
            await asyncio.sleep(0.02)


async def test_hits_add_up_in_a_window(store: Storage, key: str) -> None:
    assert [await store.incr(key, 900) for _ in range(3)] == [1, 2, 3]
    assert await store.get(key) == 3
    assert 700 < await store.get_expiry(key) - time.time() <= 900.5


async def test_no_hit_at_once_with_others_is_lost(store: Storage, key: str) -> None:
    counts = await asyncio.gather(*(store.incr(key, 60) for _ in range(40)))
    assert sorted(counts) == list(range(1, 41))


async def test_after_its_window_a_counter_begins_anew(store: Storage, key: str) -> None:
    await store.incr(key, 1, 7)
    await _until_it_ends(store, key)
    assert await store.incr(key, 900) == 1
    assert await store.get_expiry(key) - time.time() > 700


async def test_a_hit_does_not_lengthen_its_window(store: Storage, key: str) -> None:
    await store.incr(key, 300)
    await store.incr(key, 900)
    assert await store.get_expiry(key) - time.time() < 301


async def test_a_counter_that_is_back_at_zero_begins_a_new_window(store: Storage, key: str) -> None:
    await store.incr(key, 300, 5)
    assert await store.incr(key, 300, -5) == 0
    assert await store.incr(key, 900) == 1
    assert await store.get_expiry(key) - time.time() > 700


async def test_a_counter_nobody_hit_is_zero_and_over(store: Storage, key: str) -> None:
    assert await store.get(key) == 0
    assert await store.get_expiry(key) - time.time() <= 0.5


async def test_a_counter_can_be_cleared(store: Storage, key: str) -> None:
    await store.incr(key, 60)
    await store.clear(key)
    assert await store.get(key) == 0
    assert await store.check()


async def test_past_windows_are_forgotten(database: Database, key: str) -> None:
    async with AsyncExitStack() as stack:
        store = open_storage(stack, "letters", database, None)
        assert await store.reset() is not None
        for number in range(3):
            await store.incr(f"{key}{number}", 60)
        async with database.writer() as writer:
            past = text("UPDATE rate_limit SET expires_at = now() - interval '1 second' WHERE key <> :kept")
            await writer.execute(past, {"kept": f"{key}0"})
            assert await forget_past_windows(writer) == 2
        assert await store.get(f"{key}0") == 1


async def test_names_without_end_do_not_fill_the_memory_while_redis_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback_storage, "REMEMBERED", 100)
    async with AsyncExitStack() as stack:
        store = open_storage(stack, "letters", database, "redis://127.0.0.1:9")
        assert isinstance(store, FallbackStorage)
        for number in range(300):
            assert await store.incr(f"name/{number}", 900) == 1
        assert len(store._memory.expirations) == 100
        assert await store.incr("name/299", 900) == 2
        assert await store.get("name/0") == 0
