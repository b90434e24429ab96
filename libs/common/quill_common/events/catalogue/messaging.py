"""What messaging publishes."""

from typing import ClassVar

from quill_common.events.envelope import Event
from quill_common.topology import Service


class _ConversationEvent(Event):
    source: ClassVar[Service] = "messaging"

    conversation_id: int
    patient_id: str

    def subject(self) -> str:
        return f"conversation/{self.conversation_id}"


class ConversationStarted(_ConversationEvent):
    """A conversation with its first message."""

    type: ClassVar[str] = "quill.messaging.conversation.started.v1"

    started_by: int


class MessageSent(_ConversationEvent):
    """A message was stored, as the Communication named."""

    type: ClassVar[str] = "quill.messaging.message.sent.v1"

    message_id: int
    communication_id: str
    sender_id: int


class ParticipantJoined(_ConversationEvent):
    """A user takes part."""

    type: ClassVar[str] = "quill.messaging.participant.joined.v1"

    user_id: int


class StatusChanged(_ConversationEvent):
    """A conversation's status was set."""

    type: ClassVar[str] = "quill.messaging.conversation.status.changed.v1"

    status: str
