"""The messages about a patient, as the conversations show them to the caller."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.http.paging import InvalidCursor, Page
from sqlalchemy import BigInteger, DateTime, Integer, Row, bindparam, select, tuple_

from quill_messaging.conversation.listing import PATIENT
from quill_messaging.message.tables import Message
from quill_messaging.thread.repository import asking, readable
from quill_messaging.thread.tables import Conversation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER = (bindparam("after_time", type_=DateTime(timezone=True)), bindparam("after_id", type_=BigInteger()))
_READABLE = (
    select(Message.id, Message.created_at, Message.fhir_communication_id)
    .join(Conversation, Conversation.id == Message.conversation_id)
    .where(Conversation.patient_id == PATIENT, readable, tuple_(Message.created_at, Message.id) > tuple_(*_AFTER))
    .order_by(Message.created_at, Message.id)
    .limit(bindparam("fetch", type_=Integer()))
)


async def readable_messages(
    reader: Reader, principal: Principal, patient_id: str, page: Page
) -> tuple[Sequence[Row[Any]], str | None]:
    """A page of the messages of those of the patient's conversations that the principal may read, oldest first."""
    time, after_id = _after(page)
    params = {**asking(principal), "patient": patient_id, "after_time": time, "after_id": after_id}
    rows = await reader.rows(_READABLE, {**params, "fetch": page.fetch})
    return page.cut(rows, lambda row: ((row.created_at - _EPOCH) // timedelta(microseconds=1), row.id))


def _after(page: Page) -> tuple[datetime, int]:
    key = page.after(int, int)
    if key is None:
        return _EPOCH, 0
    try:
        return _EPOCH + timedelta(microseconds=key[0]), key[1]
    except OverflowError as problem:
        raise InvalidCursor from problem
