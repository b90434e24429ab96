"""Shapes of participants (contract 8.1, 8.8)."""

from typing import Any, Literal

from quill_common.http.shapes import Answer, ExactBody, Id, Time
from sqlalchemy import Row


class ParticipantOut(Answer):
    """A participant; names are those of today."""

    user_id: int
    username: str
    display_name: str
    role: Literal["initiator", "participant", "tagged"]
    joined_at: Time


class ParticipantIn(ExactBody):
    """Somebody to add."""

    user_id: Id
    role: Literal["participant", "tagged"] = "participant"


class Done(Answer):
    """It was done."""

    ok: Literal[True] = True


def participant_json(row: Row[Any]) -> dict[str, Any]:
    """A ParticipantOut from a row of `participant.repository`."""
    return {
        "user_id": row.user_id,
        "username": row.username,
        "display_name": row.display_name,
        "role": row.role,
        "joined_at": row.joined_at,
    }
