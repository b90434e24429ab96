"""Shapes of messages (contract 8.1, 8.7)."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from quill_common.http.shapes import Answer, ExactBody, Id, Text, Time
from sqlalchemy import Row

MAX_MESSAGE = 20_000


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


MessageText = Annotated[
    Text, AfterValidator(_not_blank), Field(min_length=1, max_length=MAX_MESSAGE, description="Markdown")
]


class MessageOut(Answer):
    """A message; the sender's names are those of today."""

    id: int
    fhir_communication_id: str
    sender_id: int
    sender_username: str
    sender_display_name: str
    body: str
    amends_id: int | None
    is_amendment: bool
    created_at: Time


class MessageIn(ExactBody):
    """A message, or the correction of the one named by `amends_id`."""

    body: MessageText
    amends_id: Id | None = None


def message_json(row: Row[Any]) -> dict[str, Any]:
    """A MessageOut from a row of `message.repository`."""
    return {
        "id": row.id,
        "fhir_communication_id": row.fhir_communication_id,
        "sender_id": row.sender_id,
        "sender_username": row.sender_username,
        "sender_display_name": row.sender_display_name,
        "body": row.body,
        "amends_id": row.amends_id,
        "is_amendment": row.amends_id is not None,
        "created_at": row.created_at,
    }
