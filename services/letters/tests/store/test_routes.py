"""GET /health/store."""

import asyncio

import asyncpg
import pytest
from quill_common.http import store_health
from quill_common.testing.database import execute
from quill_common.testing.kit import ServiceKit


async def state(kit: ServiceKit) -> object:
    response = await kit.anonymous.get("/health/store")
    assert response.status_code == 200
    return response.json()


async def test_the_store_is_available_when_a_query_works(kit: ServiceKit) -> None:
    assert await state(kit) == {"available": True}


async def test_the_store_is_not_available_when_its_table_is_away(kit: ServiceKit) -> None:
    await execute(kit.database.admin_url, "ALTER TABLE letters.composition RENAME TO away")
    try:
        assert await state(kit) == {"available": False, "error": "unreachable"}
    finally:
        await execute(kit.database.admin_url, "ALTER TABLE letters.away RENAME TO composition")
    assert await state(kit) == {"available": True}


async def test_a_store_that_does_not_answer_in_time_is_said_so(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = await asyncpg.connect(kit.database.admin_url)
    try:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE letters.composition IN ACCESS EXCLUSIVE MODE")
            with monkeypatch.context() as soon:
                soon.setattr(store_health, "PROBE_SECONDS", 0.1)
                assert await asyncio.wait_for(state(kit), 60) == {"available": False, "error": "timeout"}
    finally:
        await blocker.close()
    assert await state(kit) == {"available": True}


async def test_without_clinical_services_there_is_no_store(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit.parts.settings, "clinical_services_enabled", False)
    assert await state(kit) == {"available": False, "error": "Not provisioned"}
