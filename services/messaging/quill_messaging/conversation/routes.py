"""Start, list and read conversations; set their status."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
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

router = APIRouter(prefix="/api", tags=["conversations"], route_class=WorkRoute, dependencies=[Clinical])

Filter = Annotated[OptionalText, Query(description="Exact match; an unknown value matches nothing.")]


@router.get("/conversations", operation_id="listConversations", response_model=ConversationList)
async def list_conversations(
    caller: Caller, read: Read, page: Paging, status: Filter = None, patient_id: Filter = None
) -> Response:
    """Conversations that the caller may read."""
    return _list(await service.list_readable(read, caller, page, status, patient_id))


@router.get(
    "/patients/{patient_id}/conversations", operation_id="listPatientConversations", response_model=ConversationList
)
async def list_patient_conversations(
    patient_id: FhirId, caller: Caller, read: Read, page: Paging, status: Filter = None
) -> Response:
    """Conversations about a patient that the caller may read."""
    return _list(await service.list_of_patient(read, caller, page, status, patient_id))


@router.post("/conversations", operation_id="createConversation", response_model=ConversationDetail)
async def create_conversation(body: ConversationIn, caller: Caller, write: Write, once: OncePerKey) -> Response:
    """Start a conversation about a patient with its first message."""
    await service.require_administrative_access(write, caller, body.patient_id)
    await once.begin()
    return json_answer(await service.start(write, caller, body))


@router.get("/conversations/{conversation_id}", operation_id="getConversation", response_model=ConversationDetail)
async def get_conversation(conversation_id: PathId, caller: Caller, read: Read, write: WriteIfNeeded) -> Response:
    """A conversation with all its messages; marks it read for participants."""
    return json_answer(await service.read(read, caller, conversation_id, write))


@router.patch(
    "/conversations/{conversation_id}", operation_id="setConversationStatus", response_model=ConversationSummary
)
async def set_status(conversation_id: PathId, body: StatusIn, caller: Caller, write: Write) -> Response:
    """Set the status (participants)."""
    return json_answer(await service.set_status(write, caller, conversation_id, body.status))


def _list(page: service.Summaries) -> Response:
    conversations, next_cursor = page
    return json_answer({"conversations": conversations, "next_cursor": next_cursor})
