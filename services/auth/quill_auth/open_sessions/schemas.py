"""Shapes of the lists of sessions (docs/api-beyond-the-contract.md)."""

from typing import Literal
from uuid import UUID

from quill_common.http.shapes import Answer, Time


class OpenSession(Answer):
    """`device` and `address` are of the last sign-in or renewal; `current` marks the one that asks."""

    id: UUID
    device: str | None
    address: str | None
    created_at: Time
    last_used_at: Time
    expires_at: Time
    current: bool


class OpenSessions(Answer):
    sessions: list[OpenSession]
    next_cursor: str | None = None


class SessionsEnded(Answer):
    detail: Literal["ended"]
    ended: int
