"""What operators see, and what they must never see."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from quill_common import log
from quill_common.settings import CommonSettings
from quill_gateway.app import create_app
from quill_gateway.gateway import Gateway
from quill_gateway.settings import GatewaySettings
from quill_gateway.testing.doubles import FakeAuth, Person
from quill_gateway.testing.running import StartGateway
from structlog.testing import capture_logs

PATIENT = "0b9f5c1e-1111-4222-8333-444455556666"


async def test_live_and_ready_tell_different_things(start_gateway: StartGateway, auth: FakeAuth) -> None:
    auth.broken = True
    url = await start_gateway(wait_until_ready=False)
    async with aiohttp.ClientSession(base_url=url) as client:
        assert await (await client.get("/health/live")).json() == {"status": "alive"}
        answer = await client.get("/health/ready")
        assert (answer.status, await answer.json()) == (
            503,
            {
                "status": "not ready",
                "checks": {
                    "signing_keys": {"state": "not loaded"},
                    "ended_sessions": {"state": "not loaded"},
                },
            },
        )


async def test_probes_may_use_head(client: aiohttp.ClientSession) -> None:
    for path in ("/health/live", "/health/ready", "/api/health"):
        answer = await client.head(path)
        assert (answer.status, await answer.read()) == (200, b"")


async def test_metrics_count_by_template_and_name_no_patient(client: aiohttp.ClientSession, person: Person) -> None:
    for _ in range(3):
        await client.get(f"/api/patients/{PATIENT}/letters", headers=person.headers())
    await client.get(f"/api/patients/{PATIENT}/letters")
    await client.get(f"/nowhere/{PATIENT}")
    text = await (await client.get("/metrics")).text()
    labels = 'method="GET",route="/api/patients/{patient_id}/letters",service="letters"'
    assert f'quill_gateway_requests_total{{{labels},status="200"}} 3.0' in text
    assert 'route="unmatched",service="gateway",status="404"} 1.0' in text
    assert f"quill_gateway_request_seconds_count{{{labels}}} 4.0" in text
    assert "process_cpu_seconds_total" in text
    assert PATIENT not in text


async def test_one_line_is_logged_for_a_request_without_paths_ids_or_secrets(
    client: aiohttp.ClientSession, person: Person
) -> None:
    headers = person.headers() | {"X-Request-ID": "the-request"}
    log.configure("gateway", CommonSettings())  # another test of this process may have asked for errors only
    with capture_logs() as events:
        await client.get(f"/api/patients/{PATIENT}/letters?cursor=secret", headers=headers)
    (event,) = (event for event in events if event.get("request_id") == "the-request")
    assert event.pop("ms") > 0
    assert event == {
        "event": "request",
        "log_level": "info",
        "route": "/api/patients/{patient_id}/letters",
        "method": "GET",
        "status": 200,
        "request_id": "the-request",
    }
    for secret in (PATIENT, "cursor", person.access, person.csrf, person.session_id):
        assert secret not in repr(events)


async def test_an_unexpected_failure_is_a_500_without_details(
    client: aiohttp.ClientSession, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr(Gateway, "_pass_on", fail)
    answer = await client.get("/api/organizations", headers=person.headers())
    assert (answer.status, await answer.json()) == (500, {"detail": "Internal server error"})
    assert answer.headers["Cache-Control"] == "no-store"


async def test_without_its_own_key_the_gateway_does_not_start(tmp_path: Path) -> None:
    app, sent = create_app(GatewaySettings(data_dir=tmp_path)), []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "gateway.pem" in sent[0]["message"]


async def test_a_websocket_scope_is_closed(tmp_path: Path) -> None:
    app, sent = create_app(GatewaySettings(data_dir=tmp_path)), []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": "/api/users"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
