"""Shapes of conversations (contract 8.1, 8.3)."""

from typing import Annotated, Any, Literal

from pydantic import Field
from quill_common.http.shapes import Answer, BlankIsAbsent, ExactBody, Id, Text, Time
from sqlalchemy import Row

from quill_messaging.message.schemas import MessageOut, MessageText
from quill_messaging.participant.schemas import ParticipantOut

MAX_PARTICIPANT_IDS = 100

Status = Literal["new", "active", "resolved", "closed"]


class ConversationIn(ExactBody):
    """A conversation to start, with its first message."""

    patient_id: Annotated[Text, Field(max_length=255)]
    subject: Annotated[Annotated[Text, Field(max_length=500)] | None, BlankIsAbsent] = None
    participant_ids: Annotated[list[Id], Field(max_length=MAX_PARTICIPANT_IDS)] = []
    initial_message: MessageText
    include_patient_as_participant: bool = False


class StatusIn(ExactBody):
    """The status to set."""

    status: Status


class _Conversation(Answer):
    id: int
    fhir_conversation_id: str
    patient_id: str
    subject: str | None
    status: Status
    created_at: Time
    updated_at: Time
    participants: list[ParticipantOut]
    is_participant: bool
    can_write: bool
    include_patient_as_participant: bool


class ConversationSummary(_Conversation):
    """A conversation in a list."""

    last_message_preview: Annotated[str, Field(max_length=200)] | None
    last_message_time: Time | None
    unread_count: Annotated[int, Field(ge=0)]


class ConversationDetail(_Conversation):
    """A conversation with all its messages, oldest first."""

    messages: list[MessageOut]


class ConversationList(Answer):
    """A page of conversations, newest activity first."""

    conversations: list[ConversationSummary]
    next_cursor: str | None = None


def conversation_json(row: Row[Any], participants: list[dict[str, Any]]) -> dict[str, Any]:
    """What summary and detail share, from a row with the conversation's columns and `is_participant`."""
    return {
        "id": row.id,
        "fhir_conversation_id": row.fhir_conversation_id,
        "patient_id": row.patient_id,
        "subject": row.subject,
        "status": row.status,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "participants": participants,
        "is_participant": row.is_participant,
        "can_write": row.is_participant,
        "include_patient_as_participant": row.include_patient_as_participant,
    }


def summary_json(row: Row[Any], participants: list[dict[str, Any]]) -> dict[str, Any]:
    """A ConversationSummary from a row of `conversation.listing`."""
    return conversation_json(row, participants) | {
        "last_message_preview": row.last_message_preview,
        "last_message_time": row.last_message_time,
        "unread_count": row.unread_count,
    }
