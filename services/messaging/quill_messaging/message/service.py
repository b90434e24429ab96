"""The rules of sending and correcting messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from quill_common.access.principal import Principal
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.store import ResourceStore
from quill_common.http.errors import Forbidden, NotFound
from sqlalchemy import Row

from quill_messaging.events import MessageSent
from quill_messaging.message import repository
from quill_messaging.message.communication import Sent, communication
from quill_messaging.message.schemas import MessageIn
from quill_messaging.thread.errors import ConversationNotFound
from quill_messaging.thread.repository import advance


class NotAParticipant(Forbidden):
    detail = "User is not a participant"


class AmendedMessageNotFound(NotFound):
    detail = "Amended message not found"


class AmendedMessageElsewhere(NotFound):
    detail = "Amended message is not in this conversation"


class NotYourMessage(Forbidden):
    detail = "Can only amend your own messages"


@dataclass(frozen=True, slots=True)
class Thread:
    """What a message needs to know of its conversation; `first_communication` is None for the first message."""

    id: int
    fhir_conversation_id: str
    patient_id: str
    first_communication: str | None


async def thread_to_write(work: UnitOfWork, principal: Principal, conversation_id: int, sent: MessageIn) -> Row[Any]:
    """The conversation, if the principal may write in it. Raises ConversationNotFound or NotAParticipant."""
    row = await repository.thread_to_write(work, principal, conversation_id, sent.amends_id)
    if row is None:
        raise ConversationNotFound
    if not row.is_participant:
        raise NotAParticipant
    return row


async def send(
    work: UnitOfWork, store: ResourceStore, principal: Principal, row: Row[Any], sent: MessageIn
) -> dict[str, Any]:
    """Send a message to the thread that `thread_to_write` gave; the MessageOut as plain values."""
    if sent.amends_id is not None:
        _require_amendable(row, principal)
    moment = await advance(work, row.id, by_message=True)
    thread = Thread(row.id, row.fhir_conversation_id, row.patient_id, row.first_communication)
    return await write(work, store, principal, thread, sent, moment, row.amended_communication)


async def write(
    work: UnitOfWork,
    store: ResourceStore,
    principal: Principal,
    thread: Thread,
    sent: MessageIn,
    moment: datetime,
    amended_communication: str | None = None,
) -> dict[str, Any]:
    """Store Communication and message, both or neither; the conversation is locked, or new.

    In a FHIR server of the site the Communication is there first, and one whose transaction is then undone stays behind
    without a message: nobody is shown it.
    """
    communication_id = str(uuid4())
    said = Sent(
        id=communication_id,
        patient_id=thread.patient_id,
        fhir_conversation_id=thread.fhir_conversation_id,
        sender_id=principal.id,
        sender_name=principal.display_name,
        at=moment,
        text=sent.body,
        first=thread.first_communication,
        amends=amended_communication,
    )
    await store.create(work, communication(said))
    new = repository.NewMessage(thread.id, communication_id, principal.id, sent.body, sent.amends_id, moment)
    first = thread.first_communication is None
    message_id = await (repository.add_first(work, new) if first else repository.add(work, new))
    await work.publish(
        MessageSent(
            conversation_id=thread.id,
            patient_id=thread.patient_id,
            message_id=message_id,
            communication_id=communication_id,
            sender_id=principal.id,
        )
    )
    return _answer(principal, new, message_id)


def _require_amendable(row: Row[Any], principal: Principal) -> None:
    if row.amended_conversation_id is None:
        raise AmendedMessageNotFound
    if row.amended_conversation_id != row.id:
        raise AmendedMessageElsewhere
    if row.amended_sender_id != principal.id:
        raise NotYourMessage


def _answer(principal: Principal, new: repository.NewMessage, message_id: int) -> dict[str, Any]:
    return {
        "id": message_id,
        "fhir_communication_id": new.communication_id,
        "sender_id": principal.id,
        "sender_username": principal.username,
        "sender_display_name": principal.display_name,
        "body": new.body,
        "amends_id": new.amends_id,
        "is_amendment": new.amends_id is not None,
        "created_at": new.moment,
    }
