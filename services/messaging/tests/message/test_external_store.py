"""Messages as Communications in the FHIR server of the site (contract 13.1)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quill_common.testing.fhir_faults import FaultKind
from quill_common.testing.fhir_server import FhirServer, fhir_server
from quill_common.testing.kit import ServiceKit, service_kit
from quill_messaging.app import create_app
from quill_messaging.settings import Settings
from quill_messaging.testing.threads import HOSPITAL, PATIENT, nothing_stored, read, refusal, send, start, try_to_send


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[FhirServer]:
    async with fhir_server() as running:
        yield running


@pytest.fixture(scope="module")
async def external_kit(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory, server: FhirServer
) -> AsyncIterator[ServiceKit]:
    directory = tmp_path_factory.mktemp("messaging-external")
    of_site: dict[str, Any] = {"fhir_server_url": server.url, "fhir_server_seconds": 1.0}
    async with service_kit("messaging", create_app, Settings, postgres_url, directory, **of_site) as kit:
        yield kit


@pytest.fixture
async def kit(external_kit: ServiceKit, server: FhirServer) -> ServiceKit:
    await external_kit.empty()
    server.clear()
    await external_kit.patient(PATIENT, HOSPITAL)
    return external_kit


async def test_messages_are_communications_of_the_server(kit: ServiceKit, server: FhirServer) -> None:
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    sent = await send(amara, conversation["id"], "Zürich 🫀")
    shown = (await read(amara, conversation["id"]))["messages"]
    stored = [server.present("Communication", message["fhir_communication_id"]) for message in shown]
    assert [one["payload"][0]["contentString"] for one in stored if one] == ["The first message", "Zürich 🫀"]
    assert stored[1] is not None
    assert stored[1]["id"] == sent["fhir_communication_id"]
    assert stored[1]["subject"] == {"reference": f"Patient/{PATIENT}"}
    assert (await kit.read("SELECT count(*) AS n FROM fhir_communication"))[0]["n"] == 0


@pytest.mark.parametrize("kind", ["500", "503", "429", "slow", "redirect"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_failing_server_takes_no_message_and_shows_those_that_were_sent(
    kit: ServiceKit, server: FhirServer, kind: FaultKind, method: str
) -> None:
    amara = await kit.clinician(HOSPITAL)
    with server.failing(kind, method):
        body = {"patient_id": PATIENT, "initial_message": "Hello"}
        response = await amara.client.post("/api/conversations", json=body)
        assert refusal(response) == (503, "Clinical store unavailable")
        assert response.headers["Retry-After"]
        assert await nothing_stored(kit)
    conversation = await start(amara)
    before = await read(amara, conversation["id"])
    with server.failing(kind, method):
        assert refusal(await try_to_send(amara, conversation["id"])) == (503, "Clinical store unavailable")
        assert await read(amara, conversation["id"]) == before
    assert (await try_to_send(amara, conversation["id"])).status_code == 200


async def test_a_lost_answer_is_no_second_communication(kit: ServiceKit, server: FhirServer) -> None:
    amara = await kit.clinician(HOSPITAL)
    with server.failing("answer lost", "PUT"):
        conversation = await start(amara)
    assert len(server.resources) == 1
    assert [len(versions) for versions in server.resources.values()] == [1]
    assert len((await read(amara, conversation["id"]))["messages"]) == 1


async def test_a_commit_that_fails_leaves_a_communication_that_nobody_is_shown(
    kit: ServiceKit, server: FhirServer
) -> None:
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    before = await read(amara, conversation["id"])
    async with kit.failing_commits("messages"):
        assert (await try_to_send(amara, conversation["id"])).status_code == 503
    assert len(server.resources) == 2
    assert await read(amara, conversation["id"]) == before
    exported = await kit.service("operator").get("/internal/export/Communication")
    assert len(exported.text.splitlines()) == 1


async def test_many_at_once_all_stay_in_order(kit: ServiceKit, server: FhirServer) -> None:
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    await asyncio.gather(*(send(amara, conversation["id"], f"{number}") for number in range(8)))
    shown = (await read(amara, conversation["id"]))["messages"]
    assert sorted(message["body"] for message in shown[1:]) == sorted(f"{number}" for number in range(8))
    assert [message["created_at"] for message in shown] == sorted(message["created_at"] for message in shown)
    assert len(server.resources) == 9


async def test_health_names_the_server(kit: ServiceKit, server: FhirServer) -> None:
    checks = (await kit.anonymous.get("/health/ready")).json()["checks"]
    assert checks["clinical store"] == {"state": "ok", "available": True}
