"""Switching accounts off and on: an account is never deleted."""

from typing import Any

from quill_common.access.principal import Principal
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import UserNotFound
from sqlalchemy import Row

from quill_auth.account import repository
from quill_auth.account.errors import OwnAccount
from quill_auth.account.facts import publish_facts
from quill_auth.account.rules import (
    SWITCHING_NEEDS_ADMIN,
    require_not_above,
    require_superadmin_beside,
    standing_now,
)
from quill_auth.events import UserChanged, UserDeactivated
from quill_auth.passwords.repository import kill_links
from quill_auth.session.ending import end_all_sessions


async def set_active_as(unit: UnitOfWork, caller: Principal, user_id: int, is_active: bool) -> tuple[str, ...]:
    """`set_active` by an administrator. Raises also AboveOwnLevel and OwnAccount."""
    await repository.lock_superadmins(unit)
    account = await repository.locked_account(unit, user_id, caller.id)
    caller = await standing_now(unit, caller, SWITCHING_NEEDS_ADMIN)
    if account is None:
        raise UserNotFound
    require_not_above(caller, account)
    if user_id == caller.id and not is_active:
        raise OwnAccount
    return await _switch(unit, account, is_active)


async def set_active(unit: UnitOfWork, user_id: int, is_active: bool) -> tuple[str, ...]:
    """Switch an account on or off; the sessions that ended. Raises UserNotFound, LastSuperadmin."""
    await repository.lock_superadmins(unit)
    account = await repository.locked_account(unit, user_id)
    if account is None:
        raise UserNotFound
    return await _switch(unit, account, is_active)


async def _switch(unit: UnitOfWork, account: Row[Any], is_active: bool) -> tuple[str, ...]:
    if account.is_active == is_active:
        unit.found_done()
        return ()
    if not is_active:
        await require_superadmin_beside(unit, account)
    await repository.change(unit, account.id, {"is_active": is_active})
    await publish_facts(unit, UserChanged if is_active else UserDeactivated, account.id)
    if is_active:
        return ()
    await kill_links(unit, account.id)
    return await end_all_sessions(unit, account.id, "deactivated")
