"""`POST /api/conversations/{conversation_id}/messages`."""

from fastapi import APIRouter, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Caller, Clinical, OncePerKey, Write
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute

from quill_messaging.message import service
from quill_messaging.message.schemas import MessageIn, MessageOut
from quill_messaging.message.store import Store

router = APIRouter(prefix="/api/conversations", tags=["conversations"], route_class=WorkRoute, dependencies=[Clinical])


@router.post(
    "/{conversation_id}/messages",
    operation_id="sendMessage",
    response_model=MessageOut,
    dependencies=[Audited("message.send")],
)
async def send_message(
    conversation_id: PathId, body: MessageIn, caller: Caller, write: Write, store: Store, once: OncePerKey, note: Note
) -> Response:
    """Send a message or a correction (participants)."""
    note.target(f"conversation/{conversation_id}")
    thread = await service.thread_to_write(write, caller, conversation_id, body)
    note.about(thread.patient_id)
    await once.begin()
    sent = await service.send(write, store, caller, thread, body)
    note.add(message=sent["id"])
    return json_answer(sent)
