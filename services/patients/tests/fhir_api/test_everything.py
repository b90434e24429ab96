"""`$everything`: the patient, and what messaging holds; away is said and not left out."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from fhir.resources.R4B.bundle import Bundle
from quill_common.testing.kit import ServiceKit

from .conftest import Door, expressions, outcome


class Messaging:
    """What this service sees of messaging: an answer, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: Any = {"communications": [], "next_cursor": None}
        self.status = 200

    async def communications(self, request: web.Request) -> web.Response:
        self.asked.append({**request.query, "patient": request.match_info["patient"]})
        assert request.headers["Authorization"].startswith("Bearer ")
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def messaging(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Messaging]:
    double = Messaging()
    app = web.Application()
    app.router.add_get("/internal/patients/{patient}/communications", double.communications)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    monkeypatch.setattr(type(kit.parts.settings), "peer_url", lambda _, name: url if name == "messaging" else name)
    yield double
    await runner.cleanup()


def _communication(number: int) -> dict[str, str]:
    content = f'{{"resourceType":"Communication","id":"c-{number}","status":"completed","meta":{{"versionId":"1"}}}}'
    return {"id": f"c-{number}", "content": content}


async def test_the_patient_comes_first_then_what_was_said(
    kit: ServiceKit, door: Door, keep_patient: Any, messaging: Messaging
) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    messaging.answer = {"communications": [_communication(1), _communication(2)], "next_cursor": "abc"}
    first = (await door(clinician, "GET", "Patient/p-1/$everything?_count=3&_since=2020")).json()
    Bundle.model_validate(first)
    assert [entry["resource"]["resourceType"] for entry in first["entry"]] == [
        "Patient",
        "Communication",
        "Communication",
    ]
    assert first["entry"][1]["fullUrl"] == "/api/fhir/R4/Communication/c-1"
    links = {link["relation"]: link["url"] for link in first["link"]}
    assert links == {
        "self": "/api/fhir/R4/Patient/p-1/$everything?_count=3",
        "next": "/api/fhir/R4/Patient/p-1/$everything?_count=3&_cursor=abc",
    }
    messaging.answer = {"communications": [_communication(3)], "next_cursor": None}
    second = (await clinician.client.get(links["next"])).json()
    assert [entry["resource"]["id"] for entry in second["entry"]] == ["c-3"]
    for asked in messaging.asked:
        assert (asked["user_id"], asked["patient"]) == (str(clinician.id), "p-1")
    assert [asked.get("cursor") for asked in messaging.asked] == [None, "abc"]
    assert [(e["action"], e["patient_id"]) for e in await kit.audited()] == [("patient.everything", "p-1")] * 2


async def test_whoever_may_not_read_the_patient_asks_messaging_nothing(
    kit: ServiceKit, door: Door, keep_patient: Any, messaging: Messaging
) -> None:
    await keep_patient("p-1", 7)
    assert outcome(await door(await kit.clinician(8), "GET", "Patient/p-1/$everything"))[0] == 403
    assert messaging.asked == []


@pytest.mark.parametrize(
    ("status", "answer"), [(500, {}), (403, {}), (200, {}), (200, []), (200, {"communications": None})]
)
async def test_what_cannot_be_asked_for_is_not_left_out(
    kit: ServiceKit, door: Door, keep_patient: Any, messaging: Messaging, status: int, answer: Any
) -> None:
    await keep_patient("p-1", 7)
    messaging.status, messaging.answer = status, answer
    response = await door(await kit.clinician(7), "GET", "Patient/p-1/$everything")
    assert outcome(response) == (503, "transient", "Service temporarily unavailable")
    assert "Marsh" not in response.text


async def test_a_cursor_that_is_not_messagings_is_bad_input(
    kit: ServiceKit, door: Door, keep_patient: Any, messaging: Messaging
) -> None:
    await keep_patient("p-1", 7)
    messaging.status, messaging.answer = 400, {"detail": "Invalid cursor"}
    response = await door(await kit.clinician(7), "GET", "Patient/p-1/$everything?_cursor=nonsense")
    assert outcome(response)[:2] == (400, "invalid")
    assert expressions(response) == ["http._cursor"]


async def test_without_messaging_there_is_no_answer(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    assert outcome(await door(await kit.clinician(7), "GET", "Patient/p-1/$everything"))[0] == 503
