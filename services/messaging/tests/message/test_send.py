"""Sending: the message, its Communication, and the thread that moves."""

import orjson
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, MESSAGE, PATIENT, listed, read, send, start


async def test_a_message_is_answered_as_the_contract_says(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL, full_name="Dr Amara Osei")
    conversation = await start(amara)
    message = await send(amara, conversation["id"], "**5 mg**, not 50 mg")
    assert set(message) == MESSAGE
    assert message["body"] == "**5 mg**, not 50 mg"
    assert (message["sender_id"], message["sender_username"]) == (amara.id, amara.username)
    assert message["sender_display_name"] == "Dr Amara Osei"
    assert (message["amends_id"], message["is_amendment"]) == (None, False)
    assert message["created_at"].endswith("Z")
    assert (await read(amara, conversation["id"]))["messages"][-1] == message


async def test_every_message_is_a_fhir_communication(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL, full_name="Dr Amara Osei")
    conversation = await start(amara, initial_message="The dose is 50 mg.")
    (wrong,) = conversation["messages"]
    right = await send(amara, conversation["id"], "The dose was 5 mg, not 50 mg.", amends_id=wrong["id"])
    rows = await kit.read("SELECT id, content, patient_id, conversation FROM fhir_communication ORDER BY sent")
    first, second = (orjson.loads(row["content"]) for row in rows)
    assert [row["id"] for row in rows] == [wrong["fhir_communication_id"], right["fhir_communication_id"]]
    assert all(row["patient_id"] == PATIENT for row in rows)
    assert all(row["conversation"] == conversation["fhir_conversation_id"] for row in rows)
    assert "partOf" not in first
    assert first["extension"] == [
        {"url": "urn:quillmedical:conversation-id", "valueString": conversation["fhir_conversation_id"]}
    ]
    assert second.pop("meta")["versionId"] == "1"
    corrected = {"reference": f"Communication/{wrong['fhir_communication_id']}"}
    assert second == {
        "resourceType": "Communication",
        "id": right["fhir_communication_id"],
        "status": "completed",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "sender": {
            "display": "Dr Amara Osei",
            "extension": [{"url": "urn:quillmedical:sender-user-id", "valueInteger": amara.id}],
        },
        "sent": right["created_at"],
        "payload": [{"contentString": "The dose was 5 mg, not 50 mg."}],
        "extension": [
            {"url": "urn:quillmedical:conversation-id", "valueString": conversation["fhir_conversation_id"]},
            {"url": "urn:quillmedical:amends", "valueReference": corrected},
        ],
        "partOf": [corrected],
    }


async def test_the_second_message_makes_a_new_conversation_active_and_later_ones_leave_the_status(
    kit: ServiceKit,
) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    assert conversation["status"] == "new"
    await send(amara, conversation["id"])
    assert (await read(amara, conversation["id"]))["status"] == "active"
    await amara.client.patch(f"/api/conversations/{conversation['id']}", json={"status": "closed"})
    await send(amara, conversation["id"])
    assert (await read(amara, conversation["id"]))["status"] == "closed"


async def test_a_message_takes_its_conversation_to_the_top_of_every_list(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    relative = await kit.person("patient_advocate")
    await kit.grant(relative, PATIENT)
    older, newer = await start(amara), await start(amara)
    assert [one["id"] for one in await listed(ben)] == [newer["id"], older["id"]]
    message = await send(amara, older["id"])
    for person in (amara, ben, relative):
        first, second = await listed(person)
        assert (first["id"], second["id"]) == (older["id"], newer["id"])
        assert first["updated_at"] == message["created_at"]


async def test_a_sent_message_is_published_without_its_text(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    message = await send(amara, conversation["id"], "a secret")
    assert (await kit.published("quill.messaging.message.sent.v1"))[-1] == {
        "conversation_id": conversation["id"],
        "patient_id": PATIENT,
        "message_id": message["id"],
        "communication_id": message["fhir_communication_id"],
        "sender_id": amara.id,
    }
