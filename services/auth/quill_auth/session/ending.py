"""Ending sessions: the row, the event for everyone, and the header for the gateway that carried the call."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal
from uuid import UUID

from quill_common.events.unit_of_work import UnitOfWork

from quill_auth.events import SessionRevoked
from quill_auth.session import repository

Reason = Literal["logout", "refresh reuse", "password set", "deactivated"]

REVOKED_HEADER: Final = "X-Quill-Revoked-Sessions"
# Header lines stay under 8 KiB; what does not fit reaches the gateway with the next revocations it asks for.
_NAMED_AT_MOST: Final = 200


async def end_session(unit: UnitOfWork, user_id: int, session_id: str, reason: Reason) -> tuple[str, ...]:
    """End one session; the ids that ended (none when it had ended before)."""
    return await _revoked(unit, user_id, await repository.end(unit, user_id, session_id, reason))


async def end_all_sessions(unit: UnitOfWork, user_id: int, reason: Reason) -> tuple[str, ...]:
    """End every session of a user; call it with the user's row locked. The ids that ended."""
    return await _revoked(unit, user_id, await repository.end_all(unit, user_id, reason))


def revoked_header(session_ids: Iterable[str]) -> dict[str, str]:
    """The header that tells the gateway, empty when nothing ended."""
    named = tuple(session_ids)[:_NAMED_AT_MOST]
    return {REVOKED_HEADER: ",".join(named)} if named else {}


async def _revoked(unit: UnitOfWork, user_id: int, ended: Sequence[UUID]) -> tuple[str, ...]:
    ids = tuple(str(session_id) for session_id in ended)
    for session_id in ids:
        await unit.publish(SessionRevoked(user_id=user_id, session_id=session_id))
    return ids
