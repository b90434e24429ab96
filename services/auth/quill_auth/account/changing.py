"""Changes of an account (contract 4.15)."""

from collections.abc import Awaitable, Callable
from typing import Any

from quill_common.access.principal import Principal
from quill_common.audit.entry import AuditEntry
from quill_common.database.faults import violated_constraint
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import UserNotFound
from quill_common.mail.posting import post
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
from quill_auth.account.on_record import changes
from quill_auth.account.rules import (
    COMPETENCIES_NEED_ADMIN,
    UPDATING_NEEDS_ADMIN,
    require_grantable,
    require_known_roles,
    require_not_above,
    require_superadmin_beside,
    standing_now,
)
from quill_auth.account.schemas import UserUpdateIn
from quill_auth.events import UserChanged
from quill_auth.parts import AuthParts
from quill_auth.passwords.mails import address_changed_mail, password_changed_mail
from quill_auth.passwords.policy import require_uncommon
from quill_auth.passwords.repository import kill_links
from quill_auth.session.ending import end_all_sessions

Begin = Callable[[], Awaitable[UnitOfWork]]

_TAKEN = {"uq_users_username": UsernameTaken, "uq_users_email": EmailTaken}


async def update(
    auth: AuthParts, caller: Principal, user_id: int, body: UserUpdateIn, begin: Begin
) -> tuple[Row[Any], tuple[str, ...]]:
    """Change what the body names; the account afterwards, and the sessions that ended with its old password.

    `begin` opens the transaction, once the password is hashed.
    """
    hashed = await _hashed(auth, body.password or "")
    unit = await begin()
    await require_known_roles(unit, body.roles)
    if body.system_permissions:
        require_grantable(caller, body.system_permissions)
        await repository.lock_superadmins(unit)
    account = await repository.locked_account(unit, user_id, caller.id)
    caller = await standing_now(unit, caller, UPDATING_NEEDS_ADMIN)
    if account is None:
        raise UserNotFound
    require_grantable(caller, body.system_permissions or "patient")
    require_not_above(caller, account)
    values = _changes(body, account)
    if values.get("system_permissions", "superadmin") != "superadmin":
        await require_superadmin_beside(unit, account)
    if body.password:
        _require_acceptable(auth, body.password, values, account)
        values["password_hash"] = hashed
        values["second_factor_failures"] = 0  # who guessed codes knew the password of before
    if values:
        await _store(unit, user_id, values)
        await _follow_up(unit, user_id, account.email, values)
    if body.roles is not None:
        await repository.replace_roles(unit, user_id, body.roles)
    if values or body.roles is not None:
        account = await _told(unit, "user.update", account, *(["password"] if body.password else ()))
    else:
        unit.found_done()
    return account, await end_all_sessions(unit, user_id, "password set") if body.password else ()


async def set_roles(unit: UnitOfWork, user_id: int, names: list[str]) -> Row[Any]:
    """Replace the account's roles, as an operator; the account afterwards. Raises UserNotFound."""
    await require_known_roles(unit, names)
    account = await _locked(unit, user_id)
    if set(account.roles) == set(names):
        unit.found_done()
        return account
    await repository.replace_roles(unit, user_id, names)
    return await _told(unit, "user.update", account)


async def set_competencies(
    unit: UnitOfWork, caller: Principal, additional: list[str] | None, removed: list[str] | None
) -> Row[Any]:
    """Replace those of the caller's own lists that are given; the account afterwards."""
    user_id = caller.id
    account = await _locked(unit, user_id)
    await standing_now(unit, caller, COMPETENCIES_NEED_ADMIN)
    lists = {"additional_competencies": additional, "removed_competencies": removed}
    values = {name: ids for name, ids in lists.items() if ids is not None}
    if not values:
        unit.found_done()
        return account
    await repository.change(unit, user_id, values)
    return await _told(unit, "competencies.update", account)


async def _told(unit: UnitOfWork, action: str, before: Row[Any], *unseen: str) -> Row[Any]:
    """Tell everyone how the account stands now, and put on record what changed; the account.

    `unseen` names changed fields that the row does not show.
    """
    now = await publish_facts(unit, UserChanged, before.id)
    await unit.record(AuditEntry(action, subject_user_id=before.id, details=changes(before, now, *unseen)))
    return now


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


async def _hashed(auth: AuthParts, password: str) -> str | None:
    """None for a password that will be refused anyway."""
    return await auth.passwords.hash(password) if len(password) >= auth.settings.password_min_length else None


def _require_acceptable(auth: AuthParts, password: str, values: dict[str, Any], account: Row[Any]) -> None:
    if len(password) < auth.settings.password_min_length:
        raise PasswordTooShortFor(auth.settings.password_min_length)
    username, email = values.get("username", account.username), values.get("email", account.email)
    require_uncommon(password, username, email, auth.settings.password_words)


async def _follow_up(unit: UnitOfWork, user_id: int, old_address: str, values: dict[str, Any]) -> None:
    """After a change of how somebody gets in: links from before are dead, and the person hears of it."""
    if values.keys() & {"email", "password_hash"}:
        await kill_links(unit, user_id)
    if "email" in values:
        await post(unit, address_changed_mail(old_address))
    if "password_hash" in values:
        await post(unit, password_changed_mail(values.get("email", old_address)))


async def _store(unit: UnitOfWork, user_id: int, values: dict[str, Any]) -> None:
    try:
        await repository.change(unit, user_id, values)
    except IntegrityError as problem:
        taken = _TAKEN.get(violated_constraint(problem) or "")
        if taken is None:
            raise
        raise taken from problem
