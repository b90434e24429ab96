"""Ending sessions: the row, the event for everyone, and the header for the gateway that carried the call."""

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from fastapi import Response
from quill_common.audit.entry import AuditEntry
from quill_common.events.unit_of_work import UnitOfWork

from quill_auth.events import SessionRevoked
from quill_auth.session import repository

Reason = Literal[
    "logout",
    "refresh reuse",
    "password set",
    "deactivated",
    "second factor reset",
    "replaced",
    "ended by the owner",
    "ended by an administrator",
    "ended by an operator",
]

REVOKED_HEADER: Final = "X-Quill-Revoked-Sessions"
# The gateway reads up to 128 header lines of 8 KiB; what does not fit reaches it with the revocations it asks for next.
_NAMED_IN_A_LINE: Final = 200
_LINES: Final = 64
_NAMED_ON_RECORD: Final = 100


async def end_session(unit: UnitOfWork, user_id: int, session_id: str, reason: Reason) -> tuple[str, ...]:
    """End one session; the ids that ended (none when it had ended before)."""
    return await _revoked(unit, user_id, await repository.end(unit, user_id, session_id, reason), reason)


async def end_replaced_session(unit: UnitOfWork, session_id: str) -> tuple[str, ...]:
    """End the session that a browser gives up for a new one, whoever's it is; its id, if it still lived."""
    owner = await repository.end_whoever(unit, session_id, "replaced")
    return () if owner is None else await _revoked(unit, owner, [UUID(session_id)], "replaced")


async def end_all_sessions(unit: UnitOfWork, user_id: int, reason: Reason) -> tuple[str, ...]:
    """End every session of a user; call it with the user's row locked. The ids that ended."""
    return await _revoked(unit, user_id, await repository.end_all(unit, user_id, reason), reason)


async def end_other_sessions(unit: UnitOfWork, user_id: int, kept: str, reason: Reason) -> tuple[str, ...]:
    """End every session of a user but `kept`; call it with the user's row locked. The ids that ended."""
    return await _revoked(unit, user_id, await repository.end_others(unit, user_id, kept, reason), reason)


def name_revoked(response: Response, session_ids: Sequence[str]) -> None:
    """Add the header lines that tell the gateway, none when nothing ended."""
    for start in range(0, min(len(session_ids), _NAMED_IN_A_LINE * _LINES), _NAMED_IN_A_LINE):
        response.headers.append(REVOKED_HEADER, ",".join(session_ids[start : start + _NAMED_IN_A_LINE]))


async def _revoked(unit: UnitOfWork, user_id: int, ended: Sequence[UUID], reason: Reason) -> tuple[str, ...]:
    ids = tuple(str(session_id) for session_id in ended)
    for session_id in ids:
        await unit.publish(SessionRevoked(user_id=user_id, session_id=session_id))
    if ids:
        details = {"reason": reason, "ended": len(ids), "sessions": ids[:_NAMED_ON_RECORD]}
        await unit.record(AuditEntry("session.end", subject_user_id=user_id, details=details))
    return ids
