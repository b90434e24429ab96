"""Who may see and end which sessions."""

from typing import Final
from uuid import UUID

from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import NotFound, Unauthenticated, UserNotFound

from quill_auth.account import repository as accounts
from quill_auth.account.rules import require_not_above, standing_now
from quill_auth.session import repository as sessions
from quill_auth.session.ending import Reason, end_all_sessions, end_other_sessions, end_session

SESSIONS_NEED_ADMIN: Final = "Requires admin or superadmin permissions"


class SessionNotFound(NotFound):
    """No such session, someone else's, or one that has ended."""

    detail = "Session not found"


async def end_own(unit: UnitOfWork, caller: Principal, session_id: str) -> tuple[str, ...]:
    """End one of the caller's sessions. Raises SessionNotFound."""
    await _hold(unit, caller)
    return await _end_one(unit, caller.id, session_id, "ended by the owner")


async def end_others(unit: UnitOfWork, caller: Principal) -> tuple[str, ...]:
    """End all of the caller's sessions but the one that asks; the ids that ended."""
    await _hold(unit, caller)
    return await end_other_sessions(unit, caller.id, caller.session_id, "ended by the owner")


async def require_readable(reader: Reader, caller: Principal, user_id: int) -> None:
    """Whether an administrator may see the account's sessions. Raises UserNotFound or AboveOwnLevel."""
    account = await accounts.account(reader, user_id)
    if account is None:
        raise UserNotFound
    require_not_above(caller, account)


async def end_of_user(
    unit: UnitOfWork, caller: Principal, user_id: int, session_id: str | None = None
) -> tuple[str, ...]:
    """End a session of an account, or all of them, as an administrator; the ids that ended.

    Raises UserNotFound, AboveOwnLevel, SessionNotFound.
    """
    account = await accounts.locked_account(unit, user_id, caller.id)
    caller = await standing_now(unit, caller, SESSIONS_NEED_ADMIN)
    if account is None:
        raise UserNotFound
    require_not_above(caller, account)
    return await _end(unit, user_id, session_id, "ended by an administrator")


async def end_as_operator(unit: UnitOfWork, user_id: int, session_id: str | None = None) -> tuple[str, ...]:
    """End a session of any account, or all of them; the ids that ended. Raises UserNotFound, SessionNotFound."""
    if await accounts.locked_account(unit, user_id) is None:
        raise UserNotFound
    return await _end(unit, user_id, session_id, "ended by an operator")


async def _hold(unit: UnitOfWork, caller: Principal) -> None:
    """Lock the account against other ends and sign-ins; the caller's session may have ended while we waited for it.

    So of two sessions that end each other at once one stays.
    """
    await accounts.locked_account(unit, caller.id)
    if not await sessions.lives(unit, caller.id, caller.session_id):
        raise Unauthenticated("Invalid token")


async def _end(unit: UnitOfWork, user_id: int, session_id: str | None, reason: Reason) -> tuple[str, ...]:
    if session_id is None:
        return await end_all_sessions(unit, user_id, reason)
    return await _end_one(unit, user_id, session_id, reason)


async def _end_one(unit: UnitOfWork, user_id: int, session_id: str, reason: Reason) -> tuple[str, ...]:
    try:
        canonical = str(UUID(session_id))
    except ValueError as problem:
        raise SessionNotFound from problem
    ended = await end_session(unit, user_id, canonical, reason)
    if not ended:
        raise SessionNotFound
    return ended
