"""Messages of conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quill_common.access.principal import Principal
from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader, Writer
from sqlalchemy import BigInteger, Executable, Row, Text, bindparam, func, insert, select
from sqlalchemy.orm import aliased

from quill_messaging.message.tables import Message
from quill_messaging.participant.repository import DISPLAY_NAME
from quill_messaging.thread.repository import LISTS_MOVED, MOMENT, READABLE, THREAD, asking

_OF_ONE = (
    select(
        Message.id,
        Message.fhir_communication_id,
        Message.sender_id,
        func.coalesce(AccessUser.username, "").label("sender_username"),
        func.coalesce(DISPLAY_NAME, "").label("sender_display_name"),
        Message.body,
        Message.amends_id,
        Message.created_at,
    )
    .outerjoin(AccessUser, AccessUser.id == Message.sender_id)
    .where(Message.conversation_id == bindparam("conversation"))
    .order_by(Message.created_at, Message.id)
)
_FIRST_COMMUNICATION = (
    select(Message.fhir_communication_id)
    .where(Message.conversation_id == THREAD)
    .order_by(Message.created_at, Message.id)
    .limit(1)
    .scalar_subquery()
)
_AMENDED = aliased(Message)
_TO_WRITE = READABLE.outerjoin(_AMENDED, _AMENDED.id == bindparam("amends", type_=BigInteger())).add_columns(
    _FIRST_COMMUNICATION.label("first_communication"),
    _AMENDED.conversation_id.label("amended_conversation_id"),
    _AMENDED.sender_id.label("amended_sender_id"),
    _AMENDED.fhir_communication_id.label("amended_communication"),
)
_ADD = (
    insert(Message)
    .values(
        fhir_communication_id=bindparam("communication_id"),
        conversation_id=THREAD,
        sender_id=bindparam("sender"),
        body=bindparam("text"),
        amends_id=bindparam("amends"),
        created_at=MOMENT,
    )
    .returning(Message.id)
)
_ADD_AND_MOVE_LISTS = _ADD.add_cte(*LISTS_MOVED)

_COMMUNICATIONS_AFTER = (
    select(Message.fhir_communication_id)
    .where(Message.fhir_communication_id > bindparam("after", type_=Text()))
    .order_by(Message.fhir_communication_id)
    .limit(bindparam("most", type_=BigInteger()))
)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to store; `moment` is what `thread.repository.advance` gave."""

    conversation_id: int
    communication_id: str
    sender_id: int
    body: str
    amends_id: int | None
    moment: datetime


async def messages_of(reader: Reader, conversation_id: int) -> Sequence[Row[Any]]:
    """All messages of a conversation, oldest first, with today's names of the senders."""
    return await reader.rows(_OF_ONE, {"conversation": conversation_id})


async def thread_to_write(
    reader: Reader, principal: Principal, conversation_id: int, amends_id: int | None
) -> Row[Any] | None:
    """`readable_thread` with `first_communication` and, where there is such a message, what is to be amended."""
    params = {"thread": conversation_id, "amends": amends_id, **asking(principal)}
    return await reader.row(_TO_WRITE, params)


async def add_first(writer: Writer, new: NewMessage) -> int:
    """Store the message that begins a conversation; its id."""
    return await _added(writer, _ADD, new)


async def add(writer: Writer, new: NewMessage) -> int:
    """Store a message and move its conversation in everybody's list; the message's id."""
    return await _added(writer, _ADD_AND_MOVE_LISTS, new)


async def communication_ids_after(reader: Reader, after: str | None, limit: int) -> Sequence[str]:
    """Up to `limit` ids of Communications in their order, from the first behind `after`."""
    return await reader.values(_COMMUNICATIONS_AFTER, {"after": after or "", "most": limit})


async def _added(writer: Writer, statement: Executable, new: NewMessage) -> int:
    params = {
        "thread": new.conversation_id,
        "communication_id": new.communication_id,
        "sender": new.sender_id,
        "text": new.body,
        "amends": new.amends_id,
        "moment": new.moment,
    }
    message_id: int = await writer.value(statement, params)
    return message_id
