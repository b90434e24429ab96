"""What others may read of a trail, and what it costs when the trail is long."""

from typing import Any

import pytest
from quill_common.audit.repository import Sought, statement_for
from quill_common.testing.database import execute
from quill_common.testing.kit import ServiceKit
from sqlalchemy.dialects import postgresql

FILL = """
INSERT INTO {schema}.audit_entry (action, outcome, actor_id, patient_id, patient_ids, recorded_at)
SELECT CASE WHEN n % 10 = 0 THEN 'patient.list' ELSE 'patient.read' END, 'success', n % 50,
    CASE WHEN n % 10 = 0 THEN NULL ELSE 'p' || n % 997 END,
    CASE WHEN n % 10 = 0 THEN ARRAY['p' || n % 997, 'p' || (n + 1) % 997] END,
    date_trunc('month', now()) + n * interval '3 minutes'
FROM generate_series(1, {rows}) AS n;
ANALYZE {schema}.audit_entry;
"""


async def fill(kit: ServiceKit, rows: int) -> None:
    await execute(kit.database.admin_url, FILL.format(schema=kit.name, rows=rows))


async def listed(kit: ServiceKit, **query: Any) -> list[dict[str, Any]]:
    response = await kit.service("auth").get("/internal/audit", params=query)
    assert response.status_code == 200, response.text
    entries: list[dict[str, Any]] = response.json()["entries"]
    return entries


@pytest.mark.parametrize(
    ("caller", "status"), [("auth", 200), ("operator", 200), ("orgs", 403), ("letters", 403), ("gateway", 403)]
)
async def test_only_auth_and_the_operator_may_read(kit: ServiceKit, caller: str, status: int) -> None:
    assert (await kit.service(caller).get("/internal/audit")).status_code == status


async def test_nobody_else_may_read(kit: ServiceKit) -> None:
    assert (await kit.anonymous.get("/internal/audit")).status_code == 401
    superadmin = await kit.person("superadmin")
    assert (await superadmin.client.get("/internal/audit")).status_code == 401


async def test_a_patient_is_found_alone_and_in_lists_once_each_newest_first(kit: ServiceKit) -> None:
    await fill(kit, 3000)
    entries = await listed(kit, patient_id="p20", limit=1000)
    expected = sorted(
        (n for n in range(1, 3001) if (20 in (n % 997, (n + 1) % 997) if n % 10 == 0 else n % 997 == 20)), reverse=True
    )
    assert len(expected) == len(entries) >= 3
    assert [entry["id"] for entry in entries] == expected
    assert all(e["patient_id"] == "p20" or "p20" in e["patient_ids"] for e in entries)


async def test_pages_put_together_are_the_whole(kit: ServiceKit) -> None:
    await fill(kit, 250)
    whole = [entry["id"] for entry in await listed(kit, limit=1000)]
    assert whole == list(range(250, 0, -1))
    paged: list[int] = []
    key: dict[str, int] = {}
    while page := await listed(kit, limit=60, **key):
        paged += [entry["id"] for entry in page]
        key = {"before": page[-1]["recorded_micros"], "before_id": page[-1]["id"]}
    assert paged == whole


async def test_entries_of_one_moment_are_taken_apart_by_their_ids(kit: ServiceKit) -> None:
    await execute(
        kit.database.admin_url,
        f"INSERT INTO {kit.name}.audit_entry (action, outcome, recorded_at) "
        "SELECT 'a', 'success', '2026-11-21 10:00:00.123456Z' FROM generate_series(1, 5)",
    )
    moment = (await listed(kit))[0]["recorded_micros"]
    assert [e["id"] for e in await listed(kit, before=moment, before_id=4)] == [3, 2, 1]
    assert await listed(kit, before=moment) == []
    assert len(await listed(kit, before=moment, before_id=2**63 - 1)) == 5


async def test_each_filter_filters(kit: ServiceKit) -> None:
    await fill(kit, 100)
    everything = await listed(kit, limit=1000)
    middle = everything[50]["recorded_at"]
    assert {e["actor_id"] for e in await listed(kit, user_id=7)} == {7}
    assert {e["action"] for e in await listed(kit, action="patient.list")} == {"patient.list"}
    assert await listed(kit, outcome="refused") == []
    assert await listed(kit, subject_user_id=1) == []
    assert len(await listed(kit, since=middle, limit=1000)) == 51
    assert len(await listed(kit, until=middle, limit=1000)) == 49
    assert set(everything[0]) == {
        *("recorded_at", "recorded_micros", "id", "position", "actor_id", "actor_service", "session_id", "action"),
        *("outcome", "patient_id", "patient_ids", "subject_user_id", "target", "request_id", "address", "details"),
    }


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1002},
        {"before": -1},
        {"before": 2**62},
        {"outcome": "maybe"},
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"user_id": 2**63},
    ],
)
async def test_what_cannot_be_asked_is_refused(kit: ServiceKit, query: dict[str, Any]) -> None:
    assert (await kit.service("auth").get("/internal/audit", params=query)).status_code == 422


async def test_a_page_of_a_patient_costs_the_same_in_a_long_trail(kit: ServiceKit) -> None:
    await fill(kit, 50_000)
    statement = statement_for(Sought(patient_id="p20", limit=10))
    sql = str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call] # the dialect has no types
    plan = "\n".join(row["QUERY PLAN"] for row in await kit.read("EXPLAIN (ANALYZE, COSTS OFF) " + sql))
    assert "Seq Scan on audit_entry_2" not in plan, plan
    assert "patient_ids" in plan, plan
    newest = str(statement_for(Sought(limit=10)).compile(compile_kwargs={"literal_binds": True}))
    plan = "\n".join(row["QUERY PLAN"] for row in await kit.read("EXPLAIN (ANALYZE, COSTS OFF) " + newest))
    assert "->  Sort" not in plan, plan
    assert "Seq Scan" not in plan, plan
    for index, of_account in (("actor_id", Sought(user_id=999)), ("subject_user_id", Sought(subject_user_id=999))):
        rare = str(statement_for(of_account).compile(compile_kwargs={"literal_binds": True}))
        plan = "\n".join(row["QUERY PLAN"] for row in await kit.read("EXPLAIN (ANALYZE, COSTS OFF) " + rare))
        assert f"Index Cond: ({index} = 999)" in plan, plan


async def test_an_entry_that_nobody_seals_makes_the_service_unready(kit: ServiceKit) -> None:
    assert (await kit.anonymous.get("/health/ready")).json()["checks"]["audit"] == {"state": "ok"}
    await execute(
        kit.database.admin_url,
        f"INSERT INTO {kit.name}.audit_entry (action, outcome, recorded_at) "
        "VALUES ('a', 'success', now() - interval '90 seconds')",
    )
    response = await kit.anonymous.get("/health/ready")
    assert response.status_code == 503
    check = response.json()["checks"]["audit"]
    assert (check["state"], check["entries"]) == ("unsealed", 1)
    metrics = (await kit.anonymous.get("/metrics")).text
    assert 'quill_audit_unsealed{service="letters"} 1.0' in metrics
    await kit.parts.sealer.seal()
    assert (await kit.anonymous.get("/health/ready")).json()["checks"]["audit"] == {"state": "ok"}
