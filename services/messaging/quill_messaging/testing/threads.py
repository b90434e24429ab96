"""Short ways to say who talks to whom in the tests of this service."""

from typing import Any

import httpx
from quill_common.testing.kit import Person, ServiceKit

PATIENT = "5b0f6f0e-2b3f-4a57-9b0d-6f4d7c1f0a11"
HOSPITAL = 10
PRACTICE = 20

CONVERSATION = {
    "id", "fhir_conversation_id", "patient_id", "subject", "status", "created_at", "updated_at", "participants",
    "is_participant", "can_write", "include_patient_as_participant",
}  # fmt: skip
SUMMARY = CONVERSATION | {"last_message_preview", "last_message_time", "unread_count"}
DETAIL = CONVERSATION | {"messages"}
MESSAGE = {
    "id", "fhir_communication_id", "sender_id", "sender_username", "sender_display_name", "body", "amends_id",
    "is_amendment", "created_at",
}  # fmt: skip


async def start(person: Person, patient_id: str = PATIENT, **more: Any) -> dict[str, Any]:
    """The conversation that `person` starts."""
    body = {"patient_id": patient_id, "initial_message": "The first message", **more}
    response = await person.client.post("/api/conversations", json=body)
    assert response.status_code == 200, response.text
    detail: dict[str, Any] = response.json()
    return detail


async def send(person: Person, conversation_id: int, text: str = "Hello", **more: Any) -> dict[str, Any]:
    """The message that `person` sends."""
    response = await try_to_send(person, conversation_id, text, **more)
    assert response.status_code == 200, response.text
    message: dict[str, Any] = response.json()
    return message


async def try_to_send(person: Person, conversation_id: int, text: str = "Hello", **more: Any) -> httpx.Response:
    return await person.client.post(f"/api/conversations/{conversation_id}/messages", json={"body": text, **more})


async def read(person: Person, conversation_id: int) -> dict[str, Any]:
    response = await person.client.get(f"/api/conversations/{conversation_id}")
    assert response.status_code == 200, response.text
    detail: dict[str, Any] = response.json()
    return detail


async def listed(person: Person, **query: Any) -> list[dict[str, Any]]:
    """The conversations that `person` is shown."""
    response = await person.client.get("/api/conversations", params=query)
    assert response.status_code == 200, response.text
    conversations: list[dict[str, Any]] = response.json()["conversations"]
    return conversations


async def unread(person: Person, conversation_id: int) -> int:
    (count,) = [one["unread_count"] for one in await listed(person) if one["id"] == conversation_id]
    return int(count)


async def add(person: Person, conversation_id: int, user_id: int, **more: Any) -> httpx.Response:
    body = {"user_id": user_id, **more}
    return await person.client.post(f"/api/conversations/{conversation_id}/participants", json=body)


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["detail"]


async def nothing_stored(kit: ServiceKit) -> bool:
    """Whether no thread, no Communication and no event is there."""
    tables = ("conversations", "conversation_participants", "messages", "fhir_communication", "outbox")
    counts = [(await kit.read(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in tables]
    return counts == [0] * len(tables)
