"""What the service says about itself is what the contract's machine-readable twin says."""

from typing import Any

from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import DETAIL, MESSAGE, SUMMARY

OPERATIONS = {
    ("get", "/api/conversations"): "listConversations",
    ("post", "/api/conversations"): "createConversation",
    ("get", "/api/patients/{patient_id}/conversations"): "listPatientConversations",
    ("get", "/api/conversations/{conversation_id}"): "getConversation",
    ("patch", "/api/conversations/{conversation_id}"): "setConversationStatus",
    ("post", "/api/conversations/{conversation_id}/messages"): "sendMessage",
    ("get", "/api/conversations/{conversation_id}/participants"): "listParticipants",
    ("post", "/api/conversations/{conversation_id}/participants"): "addParticipant",
    ("post", "/api/conversations/{conversation_id}/join"): "joinConversation",
    ("post", "/api/conversations/{conversation_id}/read"): "markConversationRead",
}


def described(kit: ServiceKit) -> dict[str, Any]:
    return kit.app.openapi()


async def test_every_operation_of_the_contract_is_there_under_its_name(kit: ServiceKit) -> None:
    found = {
        (method, path): operation["operationId"]
        for path, methods in described(kit)["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api")
    }
    assert found == OPERATIONS


async def test_answers_and_bodies_have_the_fields_of_the_contract(kit: ServiceKit) -> None:
    schemas = described(kit)["components"]["schemas"]
    for name, fields in {"ConversationSummary": SUMMARY, "ConversationDetail": DETAIL, "MessageOut": MESSAGE}.items():
        assert set(schemas[name]["properties"]) == set(schemas[name]["required"]) == fields
    assert set(schemas["ConversationIn"]["required"]) == {"patient_id", "initial_message"}
    assert set(schemas["ConversationIn"]["properties"]) == {
        "patient_id", "subject", "participant_ids", "initial_message", "include_patient_as_participant",
    }  # fmt: skip
    assert schemas["MessageIn"]["required"] == ["body"]
    assert schemas["ParticipantIn"]["required"] == ["user_id"]
    assert schemas["StatusIn"]["required"] == ["status"]
    for body in ("ConversationIn", "MessageIn", "ParticipantIn", "StatusIn"):
        assert schemas[body]["additionalProperties"] is False
