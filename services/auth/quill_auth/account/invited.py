"""The account of who accepts an invitation to a patient's record (contract 5.14, X4)."""

from collections.abc import Awaitable, Callable
from typing import Any

from quill_common.database.engine import Database
from quill_common.events.unit_of_work import UnitOfWork
from sqlalchemy import Row

from quill_auth.account import repository
from quill_auth.account.creating import NewAccount, open_account
from quill_auth.account.errors import (
    CredentialsRequired,
    EmailTaken,
    InvitedUsernameTaken,
    PasswordTooShortFor,
    UsernameTaken,
)
from quill_auth.account.schemas import InvitedIn, InvitedOut
from quill_auth.parts import AuthParts
from quill_auth.passwords.policy import require_uncommon

Begin = Callable[[], Awaitable[UnitOfWork]]


async def find_or_open(auth: AuthParts, database: Database, body: InvitedIn, begin: Begin) -> InvitedOut:
    """The account made for the invitation, else that of the address whatever its case, else a new one.

    Asked again it says the same and changes nothing, so it can be repeated after any failure, and by many at once.
    `begin` opens the transaction, once the password is hashed. Raises CredentialsRequired, PasswordTooShortFor,
    PasswordTooCommon or InvitedUsernameTaken where there is no account yet.
    """
    async with database.reader() as reader:
        found = await repository.invited(reader, body.invitation_id, body.email)
    if found is not None:
        return _found(await begin(), found, body)
    new = await _checked(auth, body)
    unit = await begin()
    try:
        user_id = await open_account(unit, new, ())
    except (UsernameTaken, EmailTaken) as problem:
        found = await repository.invited(unit, body.invitation_id, body.email)
        if found is None:
            raise InvitedUsernameTaken from problem
        return _found(unit, found, body)
    return InvitedOut(user_id=user_id, registered=True, is_active=True)


def _found(unit: UnitOfWork, account: Row[Any], body: InvitedIn) -> InvitedOut:
    """The answer waits until the account is known everywhere, as that of who made it does."""
    unit.found_done()
    registered = account.invitation_id == body.invitation_id
    return InvitedOut(user_id=account.id, registered=registered, is_active=account.is_active)


async def _checked(auth: AuthParts, body: InvitedIn) -> NewAccount:
    """The account that is asked for, its password hashed."""
    if not (body.username and body.password):
        raise CredentialsRequired
    if len(body.password) < auth.settings.password_min_length:
        raise PasswordTooShortFor(auth.settings.password_min_length)
    require_uncommon(body.password, body.username, body.email, auth.settings.password_words)
    return NewAccount(
        body.username,
        body.email,
        await auth.passwords.hash(body.password),
        system_permissions=body.user_type,
        invitation_id=body.invitation_id,
    )
