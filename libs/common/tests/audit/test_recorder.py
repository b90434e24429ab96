"""A read is answered once it is on record, and many share one commit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from quill_common.audit.entry import AuditEntry
from quill_common.audit.recorder import MAX_BATCH, AuditUnavailable
from quill_common.database.engine import Database
from quill_common.testing.database import execute
from quill_common.testing.kit import ServiceKit
from sqlalchemy import event

REFUSES = """
CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON {schema}.audit_entry FOR EACH ROW EXECUTE FUNCTION {schema}.refuse();
"""

CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'quill' AND query LIKE '%audit_entry%'
"""


@asynccontextmanager
async def refusing(kit: ServiceKit) -> AsyncIterator[None]:
    """Inside, nothing can be put on record."""
    await execute(kit.database.admin_url, REFUSES.format(schema=kit.name))
    try:
        yield
    finally:
        await execute(kit.database.admin_url, f"DROP FUNCTION {kit.name}.refuse() CASCADE")


@contextmanager
def statements(kit: ServiceKit) -> Iterator[list[str]]:
    """What the recorder runs."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    engine = kit.parts.audit._database.engines[1].sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def act(number: int) -> AuditEntry:
    return AuditEntry("test.act", target=f"t/{number}")


async def targets(kit: ServiceKit) -> set[str]:
    return {entry["target"] for entry in await kit.audited()}


async def test_concurrent_records_share_statements(kit: ServiceKit) -> None:
    with statements(kit) as seen:
        await asyncio.gather(*(kit.parts.audit.record(act(number)) for number in range(50)))
    assert 1 <= len(seen) <= 2
    assert len(await targets(kit)) == 50


async def test_a_batch_has_an_upper_limit(kit: ServiceKit) -> None:
    with statements(kit) as seen:
        await asyncio.gather(*(kit.parts.audit.record(act(number)) for number in range(MAX_BATCH + 1)))
    assert len(seen) == 2
    assert len(await targets(kit)) == MAX_BATCH + 1


async def test_one_who_stops_waiting_harms_nobody_and_is_on_record(kit: ServiceKit) -> None:
    tasks = [asyncio.create_task(kit.parts.audit.record(act(number))) for number in range(10)]
    await asyncio.sleep(0)
    for number in (0, 4):
        tasks[number].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for number, each in enumerate(done) if each is not None] == [0, 4]
    assert len(await targets(kit)) == 10


async def test_a_failure_reaches_everyone_who_waited_and_nobody_after(kit: ServiceKit) -> None:
    async with refusing(kit):
        done = await asyncio.gather(*(kit.parts.audit.record(act(n)) for n in range(5)), return_exceptions=True)
        assert [type(each) for each in done] == [AuditUnavailable] * 5
    await kit.parts.audit.record(act(9))
    assert await targets(kit) == {"t/9"}


@pytest.mark.parametrize("path", ["/api/patients/p1", "/api/patients"])
async def test_a_read_that_cannot_be_recorded_is_not_answered(kit: ServiceKit, path: str) -> None:
    reader = await kit.person("staff")
    await kit.patient("p1")
    async with refusing(kit):
        response = await reader.client.get(path)
    assert (response.status_code, response.json()) == (503, {"detail": "Service temporarily unavailable"})
    assert response.headers["Retry-After"]
    assert (await reader.client.get(path)).status_code == 200


async def test_a_change_that_cannot_be_recorded_is_not_made(kit: ServiceKit) -> None:
    admin = await kit.admin()
    async with refusing(kit):
        response = await admin.client.post("/api/patients/p1")
    assert response.status_code >= 500
    assert "p1" not in response.text
    assert await kit.read("SELECT id FROM access_patient") == []


async def test_a_refusal_that_cannot_be_recorded_tells_nothing_either(kit: ServiceKit) -> None:
    patient = await kit.person("patient")
    async with refusing(kit):
        assert (await patient.client.get("/api/patients/p1")).status_code == 503


async def test_no_way_to_the_database_is_a_503(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = await kit.person("staff")
    nowhere = Database("postgresql://quill:x@127.0.0.1:9/quill", 1)
    monkeypatch.setattr(kit.parts.audit, "_database", nowhere)
    response = await reader.client.get("/api/patients/p1")
    assert (response.status_code, response.json()) == (503, {"detail": "Service temporarily unavailable"})


async def test_a_connection_that_died_while_idle_refuses_nobody(kit: ServiceKit) -> None:
    await kit.parts.audit.record(act(1))
    with statements(kit) as seen:
        await execute(kit.database.admin_url, CUT)
        await asyncio.gather(*(kit.parts.audit.record(act(number)) for number in (2, 3)))
    assert len(seen) >= 2  # the dead connection was tried
    assert await targets(kit) == {"t/1", "t/2", "t/3"}


async def test_a_full_pool_does_not_stop_the_audit(kit: ServiceKit) -> None:
    async def hold(held: asyncio.Barrier, release: asyncio.Event) -> None:
        async with kit.parts.database.writer():
            await held.wait()
            await release.wait()

    size = kit.parts.settings.database_pool
    held, release = asyncio.Barrier(size + 1), asyncio.Event()
    holders = [asyncio.create_task(hold(held, release)) for _ in range(size)]
    await held.wait()
    async with asyncio.timeout(60):
        await kit.parts.audit.record(act(1))
    release.set()
    await asyncio.gather(*holders)
    assert await targets(kit) == {"t/1"}


async def test_an_act_that_cannot_be_written_down_leaves_nobody_waiting(kit: ServiceKit) -> None:
    unspeakable = AuditEntry("test.act", details={"number": 2**70})
    async with asyncio.timeout(60):
        tasks = [asyncio.create_task(kit.parts.audit.record(unspeakable)) for _ in range(MAX_BATCH)]
        tasks.append(asyncio.create_task(kit.parts.audit.record(act(1))))  # in the batch after
        done = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in done[:-1]} == {AuditUnavailable}
    assert done[-1] is None
    assert await targets(kit) == {"t/1"}
