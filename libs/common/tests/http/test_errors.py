"""Every failure is an answer in the contract's form (contract 1.2), and none tells what it should not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from quill_common.testing.database import execute
from quill_common.testing.kit import ServiceKit

AWAY = {"detail": "Service temporarily unavailable"}
BROKEN = {"detail": "Internal server error"}


@asynccontextmanager
async def database_away(kit: ServiceKit) -> AsyncIterator[None]:
    """Inside, all connections of the service are cut and no new one is let in."""
    name, role = kit.database.name, f"{kit.database.name}_{kit.name}"
    await execute(
        kit.database.admin_url,
        f'ALTER DATABASE "{name}" CONNECTION LIMIT 0',
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'",
    )
    try:
        yield
    finally:
        await execute(kit.database.admin_url, f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')


def assert_away(response: httpx.Response) -> None:
    assert (response.status_code, response.json()) == (503, AWAY)
    assert int(response.headers["retry-after"]) >= 1


async def test_without_the_database_nothing_is_shown_as_empty_or_allowed(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await kit.patient("a")
    assert (await kit.anonymous.get("/api/things")).json()["things"] == ["a"]
    async with database_away(kit):
        for _ in range(3):
            assert_away(await kit.anonymous.get("/api/things"))
            assert_away(await admin.client.post("/api/things", json={"id": "b"}))
        assert (await kit.anonymous.get("/health/ready")).status_code == 503
        assert (await kit.anonymous.get("/health/live")).status_code == 200
    assert (await kit.anonymous.get("/api/things")).json()["things"] == ["a"]
    assert (await admin.client.post("/api/things", json={"id": "b"})).status_code == 200


@pytest.mark.parametrize("kind", ["os", "timeout"])
async def test_a_dependency_that_is_away_is_a_503(kit: ServiceKit, kind: str) -> None:
    assert_away(await kit.anonymous.get(f"/api/raise/{kind}"))


@pytest.mark.parametrize("kind", ["runtime", "key", "unknown"])
async def test_what_nobody_expected_is_a_500_without_its_text(kit: ServiceKit, kind: str) -> None:
    response = await kit.anonymous.get(f"/api/raise/{kind}")
    assert (response.status_code, response.json()) == (500, BROKEN)
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("sql", ["SELECT secret FROM nowhere", "SELECT 1/0", "SELEC", "DELETE FROM outbox"])
async def test_a_statement_that_is_wrong_is_a_500_and_not_a_reason_to_try_again(kit: ServiceKit, sql: str) -> None:
    response = await kit.anonymous.get("/api/sql", params={"statement": sql})
    expected = (503, AWAY) if sql.startswith("DELETE") else (500, BROKEN)
    assert (response.status_code, response.json()) == expected


async def test_a_refusal_or_failure_after_a_write_undoes_it(kit: ServiceKit) -> None:
    admin = await kit.admin()
    for thing, status in (("refused", 409), ("broken", 500)):
        response = await admin.client.post("/api/things", json={"id": thing})
        assert response.status_code == status
        assert "secret" not in response.text
    assert await kit.read("SELECT 1 FROM access_patient") == []


async def test_a_commit_that_fails_is_never_answered_as_done(kit: ServiceKit) -> None:
    admin = await kit.admin()
    async with kit.failing_commits("access_patient"):
        assert_away(await admin.client.post("/api/things", json={"id": "a"}))
    assert await kit.read("SELECT 1 FROM access_patient") == []


async def test_routes_and_methods_that_are_not_there_say_so(kit: ServiceKit) -> None:
    missing, wrong = await kit.anonymous.get("/api/nothing"), await kit.anonymous.delete("/api/things")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})
    assert (await kit.anonymous.get("/api/things/")).status_code == 404
    assert (await kit.anonymous.get("/docs")).status_code == 404


async def test_a_validation_error_says_where_and_repeats_nothing(kit: ServiceKit) -> None:
    admin = await kit.admin()
    response = await admin.client.post("/api/things", json={"id": 7, "password": "hunter2"})
    assert response.status_code == 422
    assert {tuple(problem["loc"]) for problem in response.json()["detail"]} == {("body", "id"), ("body", "password")}
    assert all(problem.keys() == {"type", "loc", "msg"} for problem in response.json()["detail"])
    assert "hunter2" not in response.text
