"""What the messaging service puts on record."""

from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_common.testing.on_record import acts_of, refused
from quill_messaging.testing.threads import HOSPITAL, PATIENT, PRACTICE, add, nothing_stored, send, start

OTHER = "p-other"


@pytest.fixture
async def amara(kit: ServiceKit) -> Person:
    await kit.patient(PATIENT, HOSPITAL)
    await kit.patient(OTHER, HOSPITAL)
    return await kit.clinician(HOSPITAL)


async def test_a_start_is_on_record_with_patient_conversation_and_participants(kit: ServiceKit, amara: Person) -> None:
    colleague = await kit.clinician(HOSPITAL)
    number = (await start(amara, participant_ids=[colleague.id]))["id"]
    assert await acts_of(kit, amara) == [
        {
            "action": "conversation.create",
            "patient_id": PATIENT,
            "target": f"conversation/{number}",
            "details": {"participants": [amara.id, colleague.id]},
        }
    ]


async def test_every_act_in_a_conversation_is_on_record(kit: ServiceKit, amara: Person) -> None:
    number = (await start(amara))["id"]
    path = f"/api/conversations/{number}"
    reader = await kit.clinician(HOSPITAL)
    about = {"patient_id": PATIENT, "target": f"conversation/{number}"}
    await reader.client.get(path)
    await reader.client.post(f"{path}/join")
    await reader.client.get(path)  # takes part now, so that it is marked as read
    await reader.client.get(f"{path}/participants")
    await reader.client.post(f"{path}/read")
    await reader.client.patch(path, json={"status": "resolved"})
    await add(reader, number, amara.id)
    message = await send(reader, number)
    assert await acts_of(kit, reader) == [
        {"action": "conversation.read", **about},
        {"action": "conversation.join", **about},
        {"action": "conversation.read", **about},
        {"action": "participant.list", **about},
        {"action": "conversation.mark", **about},
        {"action": "conversation.update", **about, "details": {"status": "resolved"}},
        {"action": "participant.add", **about, "subject_user_id": amara.id},
        {"action": "message.send", **about, "details": {"message": message["id"]}},
    ]


async def test_lists_name_everybody_shown(kit: ServiceKit, amara: Person) -> None:
    for patient in (PATIENT, OTHER, OTHER):
        await start(amara, patient)
    reader = await kit.clinician(HOSPITAL)
    for path in ("conversations", f"conversations?patient_id={OTHER}", "conversations?status=closed"):
        assert (await reader.client.get(f"/api/{path}")).status_code == 200
    assert (await reader.client.get(f"/api/patients/{PATIENT}/conversations")).status_code == 200
    assert await acts_of(kit, reader) == [
        {"action": "conversation.list", "patient_ids": [PATIENT, OTHER]},
        {"action": "conversation.list", "patient_id": OTHER, "patient_ids": [OTHER]},
        {"action": "conversation.list", "patient_ids": []},
        {"action": "conversation.list", "patient_id": PATIENT, "patient_ids": [PATIENT]},
    ]


async def test_who_has_no_access_to_a_patient_asks_for_the_list_on_record(kit: ServiceKit, amara: Person) -> None:
    await start(amara)
    stranger = await kit.clinician(PRACTICE)
    answer = await stranger.client.get(f"/api/patients/{PATIENT}/conversations")
    assert answer.json()["conversations"] == []
    assert await acts_of(kit, stranger) == [
        {"action": "conversation.list", "patient_id": PATIENT, "patient_ids": []},
    ]


@pytest.mark.parametrize(
    ("method", "path", "action", "body", "more"),
    [
        ("GET", "", "conversation.read", None, {}),
        ("PATCH", "", "conversation.update", {"status": "closed"}, {"details": {"status": "closed"}}),
        ("GET", "/participants", "participant.list", None, {}),
        ("POST", "/participants", "participant.add", {"user_id": 77}, {"subject_user_id": 77}),
        ("POST", "/join", "conversation.join", None, {}),
        ("POST", "/read", "conversation.mark", None, {}),
        ("POST", "/messages", "message.send", {"body": "Hello"}, {}),
    ],
)
async def test_who_is_refused_is_on_record_with_the_conversation(
    kit: ServiceKit, amara: Person, method: str, path: str, action: str, body: Any, more: dict[str, Any]
) -> None:
    number = (await start(amara))["id"]
    stranger = await kit.clinician(PRACTICE)
    response = await stranger.client.request(method, f"/api/conversations/{number}{path}", json=body)
    assert response.status_code == 404
    assert await acts_of(kit, stranger) == [refused(action, 404, target=f"conversation/{number}", **more)]


async def test_who_may_not_start_is_on_record_with_the_patient(kit: ServiceKit, amara: Person) -> None:
    stranger = await kit.clinician(PRACTICE)
    body = {"patient_id": PATIENT, "initial_message": "Hello"}
    assert (await stranger.client.post("/api/conversations", json=body)).status_code == 403
    assert await acts_of(kit, stranger) == [refused("conversation.create", 403, patient_id=PATIENT)]


async def test_a_message_sent_twice_with_one_key_is_on_record_twice(kit: ServiceKit, amara: Person) -> None:
    number = (await start(amara))["id"]
    for _ in range(2):
        await amara.client.post(
            f"/api/conversations/{number}/messages", json={"body": "Once"}, headers={"Idempotency-Key": "once"}
        )
    first, second = (await acts_of(kit, amara))[1:]
    about = {"action": "message.send", "patient_id": PATIENT, "target": f"conversation/{number}"}
    assert first.keys() - about.keys() == {"details"}
    assert second == {**about, "details": {"repeated": True}}


async def test_what_cannot_be_recorded_is_neither_shown_nor_sent(kit: ServiceKit, amara: Person) -> None:
    number = (await start(amara))["id"]
    before = await kit.audited()
    path = f"/api/conversations/{number}"
    async with kit.failing_commits("audit_entry"):
        for method, of, body in (
            ("GET", "/api/conversations", None),
            ("GET", f"/api/patients/{PATIENT}/conversations", None),
            ("GET", path, None),
            ("GET", f"{path}/participants", None),
            ("POST", f"{path}/messages", {"body": "Hello"}),
        ):
            response = await amara.client.request(method, of, json=body)
            assert (response.status_code, b"first message" in response.content) == (503, False), of
    assert (await kit.audited(), await kit.read("SELECT body FROM messages")) == (
        before,
        [{"body": "The first message"}],
    )


async def test_a_start_that_fails_at_its_end_is_not_on_record(kit: ServiceKit, amara: Person) -> None:
    body = {"patient_id": PATIENT, "initial_message": "Hello"}
    async with kit.failing_commits("messages"):
        assert (await amara.client.post("/api/conversations", json=body)).status_code == 503
    assert await kit.audited() == []
    assert await nothing_stored(kit)
