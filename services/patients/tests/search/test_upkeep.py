"""Rows that code of before wrote: not searched while they are unread, and found afterwards."""

import asyncio
from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit
from quill_patients.search import upkeep
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

NOT_READY = {"patients": [], "fhir_ready": False, "next_cursor": None}
BEFORE = text(
    "INSERT INTO fhir_patient (id, resource_type, version, last_updated, content, family_key, given_key)"
    ' SELECT \'p\' || i, \'Patient\', 1, now(), \'{"id":"p\' || i || \'","birthDate":"1980","gender":"other",'
    '"name":[{"family":"O\'\'Brien \\\\ No'
    "' || i || '\"}]}', 'f', 'g' FROM generate_series(1, 7) i"
)


async def _read_all(kit: ServiceKit) -> list[int]:
    done: list[int] = []
    while not done or done[-1]:
        async with kit.parts.database.writer() as writer:
            done.append(await upkeep.read_some(writer))
    return done


async def test_rows_of_code_of_before_are_read_in_batches_and_then_found(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_SOME", upkeep._SOME.limit(3))
    await kit.write(BEFORE)
    admin = await kit.admin()
    listed = (await admin.client.get("/api/patients?scope=admin")).json()
    assert (len(listed["patients"]), listed["fhir_ready"]) == (7, True)
    for query in ("q=obrien", "q=nobody", "gender=other", "updated_since=2020&total=true"):
        assert (await admin.client.get(f"/api/patients?scope=admin&{query}")).json() == NOT_READY
    assert await _read_all(kit) == [3, 3, 1, 0]
    for query in ("q=obrien", "birth_date=1980", "gender=other", "name=no7,no1,no2,no3,no4,no5,no6"):
        assert len((await admin.client.get(f"/api/patients?scope=admin&{query}")).json()["patients"]) == 7, query


async def test_a_change_by_code_of_before_is_not_searched_by_what_was_before(
    kit: ServiceKit, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    await kit.write(text("UPDATE fhir_patient SET version = 2, content = replace(content, 'Marsh', 'Zola')"))
    assert (await clinician.client.get("/api/patients?q=marsh")).json() == NOT_READY
    assert await _read_all(kit) == [1, 0]
    assert (await clinician.client.get("/api/patients?q=marsh")).json()["patients"] == []
    assert [p["id"] for p in (await clinician.client.get("/api/patients?q=zola")).json()["patients"]] == ["p-1"]


async def test_two_instances_do_not_wait_for_each_other(kit: ServiceKit) -> None:
    await kit.write(BEFORE)
    async with kit.parts.database.writer() as one, kit.parts.database.writer() as other:
        assert (await upkeep.read_some(one), await upkeep.read_some(other)) == (7, 0)
    assert await _read_all(kit) == [0]


async def test_the_loop_goes_on_when_the_database_was_away(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    await kit.write(BEFORE)
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.01)
    real, failures = upkeep.read_some, [OperationalError("select", {}, OSError("away")), OSError()]

    async def at_first_away(writer: Any) -> int:
        if failures:
            raise failures.pop()
        return await real(writer)

    monkeypatch.setattr(upkeep, "read_some", at_first_away)
    loop = asyncio.create_task(upkeep.keep_searchable(kit.parts))
    try:
        async with asyncio.timeout(60):
            while await kit.read(  # noqa: ASYNC110 - another process could write it; there is nothing to wait on
                "SELECT 1 FROM fhir_patient WHERE is_searchable IS NULL"
            ):
                await asyncio.sleep(0.02)
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    assert failures == []


async def test_a_fault_of_ours_ends_the_loop_so_that_health_says_so(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Any) -> int:
        raise ProgrammingError("select", {}, ValueError("wrong"))

    monkeypatch.setattr(upkeep, "read_some", broken)
    with pytest.raises(ProgrammingError):
        await upkeep.keep_searchable(kit.parts)
