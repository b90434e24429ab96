"""Changes of an account (contract 4.15), switching it off and on."""

from typing import Any

from quill_common.access.principal import Principal
from quill_common.database.faults import violated_constraint
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import UserNotFound
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from quill_auth.account import repository
from quill_auth.account.errors import (
    EmailRequired,
    EmailTaken,
    PasswordTooShortFor,
    UsernameRequired,
    UsernameTaken,
)
from quill_auth.account.facts import publish_facts
from quill_auth.account.rules import (
    require_grantable,
    require_known_roles,
    require_not_above,
    require_superadmin_beside,
)
from quill_auth.account.schemas import UserUpdateIn
from quill_auth.events import UserChanged, UserDeactivated
from quill_auth.parts import AuthParts
from quill_auth.passwords.policy import require_uncommon
from quill_auth.session.ending import end_all_sessions

_TAKEN = {"uq_users_username": UsernameTaken, "uq_users_email": EmailTaken}


async def update(
    unit: UnitOfWork, auth: AuthParts, caller: Principal, user_id: int, body: UserUpdateIn
) -> tuple[Row[Any], tuple[str, ...]]:
    """Change what the body names; the account afterwards, and the sessions that ended with its old password."""
    await require_known_roles(unit, body.roles)
    if body.system_permissions:
        require_grantable(caller, body.system_permissions)
        await repository.lock_superadmins(unit)
    account = await _locked(unit, user_id)
    require_not_above(caller, account)
    values = _changes(body, account)
    if values.get("system_permissions", "superadmin") != "superadmin":
        await require_superadmin_beside(unit, account)
    if body.password:
        values["password_hash"] = await _checked_hash(auth, body.password, values, account)
    if values:
        await _store(unit, user_id, values)
    if body.roles is not None:
        await repository.replace_roles(unit, user_id, body.roles)
    if values or body.roles is not None:
        account = await publish_facts(unit, UserChanged, user_id)
    else:
        unit.found_done()
    return account, await end_all_sessions(unit, user_id, "password set") if body.password else ()


async def set_active(unit: UnitOfWork, user_id: int, is_active: bool) -> tuple[str, ...]:
    """Switch an account on or off; the sessions that ended. Raises UserNotFound, LastSuperadmin."""
    await repository.lock_superadmins(unit)
    account = await _locked(unit, user_id)
    if account.is_active == is_active:
        unit.found_done()
        return ()
    if not is_active:
        await require_superadmin_beside(unit, account)
    await repository.change(unit, user_id, {"is_active": is_active})
    await publish_facts(unit, UserChanged if is_active else UserDeactivated, user_id)
    return () if is_active else await end_all_sessions(unit, user_id, "deactivated")


async def set_competencies(
    unit: UnitOfWork, user_id: int, additional: list[str] | None, removed: list[str] | None
) -> Row[Any]:
    """Replace the lists that are given; the account afterwards."""
    account = await _locked(unit, user_id)
    lists = {"additional_competencies": additional, "removed_competencies": removed}
    values = {name: ids for name, ids in lists.items() if ids is not None}
    if not values:
        unit.found_done()
        return account
    await repository.change(unit, user_id, values)
    return await publish_facts(unit, UserChanged, user_id)


async def _locked(unit: UnitOfWork, user_id: int) -> Row[Any]:
    account = await repository.locked_account(unit, user_id)
    if account is None:
        raise UserNotFound
    return account


def _changes(body: UserUpdateIn, account: Row[Any]) -> dict[str, Any]:
    """The columns that really change."""
    if body.username == "":
        raise UsernameRequired
    if body.email == "":
        raise EmailRequired
    asked = {
        "username": body.username,
        "email": body.email,
        "base_profession": body.base_profession or None,
        "additional_competencies": body.additional_competencies,
        "removed_competencies": body.removed_competencies,
        "system_permissions": body.system_permissions or None,
    }
    values: dict[str, Any] = {
        name: value for name, value in asked.items() if value is not None and value != getattr(account, name)
    }
    if body.name is not None and (body.name or None) != account.full_name:
        values["full_name"] = body.name or None
    return values


async def _checked_hash(auth: AuthParts, password: str, values: dict[str, Any], account: Row[Any]) -> str:
    if len(password) < auth.settings.password_min_length:
        raise PasswordTooShortFor(auth.settings.password_min_length)
    require_uncommon(password, values.get("username", account.username), values.get("email", account.email))
    return await auth.passwords.hash(password)


async def _store(unit: UnitOfWork, user_id: int, values: dict[str, Any]) -> None:
    try:
        await repository.change(unit, user_id, values)
    except IntegrityError as problem:
        taken = _TAKEN.get(violated_constraint(problem) or "")
        if taken is None:
            raise
        raise taken from problem
