"""Participants of a conversation, joining it, and marking it read."""

from fastapi import APIRouter, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Caller, Clinical, Read, Write
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute

from quill_messaging.participant import repository, service
from quill_messaging.participant.schemas import Done, ParticipantIn, ParticipantOut, participant_json

router = APIRouter(prefix="/api/conversations", tags=["conversations"], route_class=WorkRoute, dependencies=[Clinical])


@router.get(
    "/{conversation_id}/participants",
    operation_id="listParticipants",
    response_model=list[ParticipantOut],
    dependencies=[Audited("participant.list")],
)
async def list_participants(conversation_id: PathId, caller: Caller, read: Read, note: Note) -> Response:
    """Participants, as a bare array (participants only)."""
    note.target(f"conversation/{conversation_id}")
    thread = await service.require_participant(read, caller, conversation_id)
    note.about(thread.patient_id)
    return json_answer([participant_json(row) for row in await repository.participants_of(read, conversation_id)])


@router.post(
    "/{conversation_id}/participants",
    operation_id="addParticipant",
    response_model=ParticipantOut,
    dependencies=[Audited("participant.add")],
)
async def add_participant(
    conversation_id: PathId, body: ParticipantIn, caller: Caller, write: Write, note: Note
) -> Response:
    """Add somebody (participants)."""
    note.target(f"conversation/{conversation_id}")
    note.subject(body.user_id)
    thread = await service.thread_to_add_to(write, caller, conversation_id)
    note.about(thread.patient_id)
    return json_answer(await service.add(write, thread, body))


@router.post(
    "/{conversation_id}/join",
    operation_id="joinConversation",
    response_model=ParticipantOut,
    dependencies=[Audited("conversation.join")],
)
async def join_conversation(conversation_id: PathId, caller: Caller, write: Write, note: Note) -> Response:
    """Join as staff of one of the conversation's organisations."""
    note.target(f"conversation/{conversation_id}")
    thread = await service.thread_to_join(write, caller, conversation_id)
    note.about(thread.patient_id)
    return json_answer(await service.join(write, caller, thread))


@router.post(
    "/{conversation_id}/read",
    operation_id="markConversationRead",
    response_model=Done,
    dependencies=[Audited("conversation.mark")],
)
async def mark_read(conversation_id: PathId, caller: Caller, write: Write, note: Note) -> Response:
    """Mark as read (participants)."""
    note.target(f"conversation/{conversation_id}")
    thread = await service.require_participant(write, caller, conversation_id)
    note.about(thread.patient_id)
    await repository.mark_read(write, conversation_id, caller.id)
    return json_answer({"ok": True})
