"""Start, list and read conversations; set their status."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Caller, Clinical, OncePerKey, Read, Write, WriteIfNeeded
from quill_common.http.paging import Paging
from quill_common.http.shapes import FhirId, OptionalText, PathId
from quill_common.http.work import WorkRoute

from quill_messaging.conversation import service
from quill_messaging.conversation.schemas import (
    ConversationDetail,
    ConversationIn,
    ConversationList,
    ConversationSummary,
    StatusIn,
)
from quill_messaging.message.store import Store

router = APIRouter(prefix="/api", tags=["conversations"], route_class=WorkRoute, dependencies=[Clinical])

Filter = Annotated[OptionalText, Query(description="Exact match; an unknown value matches nothing.")]


@router.get(
    "/conversations",
    operation_id="listConversations",
    response_model=ConversationList,
    dependencies=[Audited("conversation.list")],
)
async def list_conversations(
    caller: Caller, read: Read, page: Paging, note: Note, status: Filter = None, patient_id: Filter = None
) -> Response:
    """Conversations that the caller may read."""
    if patient_id is not None:
        note.about(patient_id)
    return _list(await service.list_readable(read, caller, page, status, patient_id), note)


@router.get(
    "/patients/{patient_id}/conversations",
    operation_id="listPatientConversations",
    response_model=ConversationList,
    dependencies=[Audited("conversation.list")],
)
async def list_patient_conversations(
    patient_id: FhirId, caller: Caller, read: Read, page: Paging, note: Note, status: Filter = None
) -> Response:
    """Conversations about a patient that the caller may read."""
    return _list(await service.list_of_patient(read, caller, page, status, patient_id), note)


@router.post(
    "/conversations",
    operation_id="createConversation",
    response_model=ConversationDetail,
    dependencies=[Audited("conversation.create")],
)
async def create_conversation(
    body: ConversationIn, caller: Caller, write: Write, store: Store, once: OncePerKey, note: Note
) -> Response:
    """Start a conversation about a patient with its first message."""
    note.about(body.patient_id)
    await service.require_administrative_access(write, caller, body.patient_id)
    await once.begin()
    started = await service.start(write, store, caller, body)
    note.target(f"conversation/{started['id']}")
    note.add(participants=[one["user_id"] for one in started["participants"]])
    return json_answer(started)


@router.get(
    "/conversations/{conversation_id}",
    operation_id="getConversation",
    response_model=ConversationDetail,
    dependencies=[Audited("conversation.read")],
)
async def get_conversation(
    conversation_id: PathId, caller: Caller, read: Read, write: WriteIfNeeded, note: Note
) -> Response:
    """A conversation with all its messages; marks it read for participants."""
    note.target(f"conversation/{conversation_id}")
    conversation = await service.read(read, caller, conversation_id, write)
    note.about(conversation["patient_id"])
    return json_answer(conversation)


@router.patch(
    "/conversations/{conversation_id}",
    operation_id="setConversationStatus",
    response_model=ConversationSummary,
    dependencies=[Audited("conversation.update")],
)
async def set_status(conversation_id: PathId, body: StatusIn, caller: Caller, write: Write, note: Note) -> Response:
    """Set the status (participants)."""
    note.target(f"conversation/{conversation_id}")
    note.add(status=body.status)
    summary = await service.set_status(write, caller, conversation_id, body.status)
    note.about(summary["patient_id"])
    return json_answer(summary)


def _list(page: service.Summaries, note: Note) -> Response:
    conversations, next_cursor = page
    note.about_all(conversation["patient_id"] for conversation in conversations)
    return json_answer({"conversations": conversations, "next_cursor": next_cursor})
