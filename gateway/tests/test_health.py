"""`GET /api/health`: section 3 of the contract."""

import asyncio
from typing import Any

import aiohttp
import pytest
from quill_gateway import health
from quill_gateway.testing.doubles import FakeService
from quill_gateway.testing.running import StartGateway

PATH = "/api/health"


async def report(url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession(base_url=url) as client, client.get(PATH) as answer:
        assert answer.status == 200
        content: dict[str, Any] = await answer.json()
        return content


async def test_all_is_well(gateway: str) -> None:
    assert await report(gateway) == {
        "status": "healthy",
        "services": {
            "auth_db": {"available": True},
            "fhir": {"available": True, "status_code": 200},
            "ehrbase": {"available": True, "status_code": 200},
            "auth": {"available": True, "status_code": 200},
            "orgs": {"available": True, "status_code": 200},
            "patients": {"available": True, "status_code": 200},
            "letters": {"available": True, "status_code": 200},
            "messaging": {"available": True, "status_code": 200},
        },
    }


async def test_a_store_that_fails_is_not_available_and_says_how(gateway: str, services: dict[str, FakeService]) -> None:
    services["patients"].store = {"available": False, "status_code": 500, "error": "unexpected status"}
    services["letters"].store = {"available": False, "error": "stack trace at 10.0.0.1", "secret": 1}
    content = await report(gateway)
    assert content["status"] == "degraded"
    assert content["services"]["fhir"] == {
        "available": False,
        "status_code": 500,
        "error": "unexpected status",
    }
    assert content["services"]["ehrbase"] == {"available": False, "error": "unexpected status"}


@pytest.mark.parametrize("nonsense", [{}, [], "yes", {"available": "yes"}, {"available": 1}, None])
async def test_a_store_is_available_only_if_its_service_says_so_clearly(
    gateway: str, services: dict[str, FakeService], nonsense: Any
) -> None:
    services["patients"].store = nonsense
    assert (await report(gateway))["services"]["fhir"] == {"available": False, "error": "unexpected status"}


async def test_services_that_are_down_are_unreachable_and_the_answer_is_still_200(
    gateway: str, services: dict[str, FakeService]
) -> None:
    for service in services.values():
        await service.stop()
    content = await report(gateway)
    assert content["status"] == "degraded"
    assert {"auth_db", "fhir", "ehrbase"} <= set(content["services"])
    for entry in content["services"].values():
        assert entry == {"available": False, "error": "unreachable"}


async def test_a_service_that_hangs_is_a_timeout(
    gateway: str, services: dict[str, FakeService], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_PROBE_SECONDS", 2.0)
    services["patients"].delay = 60
    content = await report(gateway)
    assert content["services"]["fhir"] == {"available": False, "error": "timeout"}
    assert content["services"]["patients"] == {"available": False, "error": "timeout"}
    assert content["services"]["ehrbase"]["available"] is True


async def test_the_account_database_is_told_apart_from_its_service(
    gateway: str, services: dict[str, FakeService]
) -> None:
    checks = {"database": {"state": "ok"}, "feeds": {"state": "catching up"}}
    services["auth"].ready = {"status": "not ready", "checks": checks}
    content = await report(gateway)
    assert content["services"]["auth_db"] == {"available": True}
    assert content["services"]["auth"] == {
        "available": False,
        "status_code": 503,
        "error": "unexpected status",
    }


@pytest.mark.parametrize("checks", [{"database": {"state": "unreachable"}}, {}, [], {"database": "ok"}, None])
async def test_the_account_database_is_not_assumed_to_be_well(
    gateway: str, services: dict[str, FakeService], checks: Any
) -> None:
    services["auth"].ready = {"status": "not ready", "checks": checks}
    content = await report(gateway)
    assert content["services"]["auth_db"] == {"available": False, "error": "unreachable"}


@pytest.mark.parametrize(
    ("check", "entry"),
    [
        ({"state": "ok", "connected": True}, {"available": True}),
        ({"state": "ok"}, {"available": True}),
        ({"state": "ok", "connected": False}, {"available": False, "error": "unreachable"}),
        ({"state": "unreachable"}, {"available": False, "error": "unreachable"}),
    ],
)
async def test_a_configured_broker_is_reported(
    gateway: str, services: dict[str, FakeService], check: dict[str, Any], entry: dict[str, Any]
) -> None:
    services["orgs"].ready = {"status": "ready", "checks": {"broker": check}}
    assert (await report(gateway))["services"]["broker"] == entry


async def test_without_clinical_services_the_stores_are_not_provisioned(
    start_gateway: StartGateway, services: dict[str, FakeService]
) -> None:
    content = await report(await start_gateway(clinical_services_enabled=False))
    assert content["status"] == "degraded"
    assert content["services"]["fhir"] == {"available": False, "error": "Not provisioned"}
    assert content["services"]["ehrbase"] == {"available": False, "error": "Not provisioned"}
    assert content["services"]["auth_db"] == {"available": True}


async def test_however_many_ask_services_are_asked_once_in_two_seconds(
    gateway: str, services: dict[str, FakeService], monkeypatch: pytest.MonkeyPatch
) -> None:
    services["orgs"].delay = 0.05
    monkeypatch.setattr(health, "_KEPT_SECONDS", 3600.0)
    await asyncio.gather(*(report(gateway) for _ in range(20)))
    await report(gateway)
    assert services["orgs"].probes == 1
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    await report(gateway)
    assert services["orgs"].probes == 2


async def test_someone_who_stops_waiting_does_not_spoil_it_for_others(
    gateway: str, services: dict[str, FakeService]
) -> None:
    services["orgs"].delay = 0.2
    impatient = asyncio.create_task(report(gateway))
    await asyncio.sleep(0.05)
    patient = asyncio.create_task(report(gateway))
    impatient.cancel()
    assert (await patient)["status"] == "healthy"
