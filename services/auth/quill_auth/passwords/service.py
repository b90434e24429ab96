"""Change and reset a password (contract 4.4, 4.5). No transaction is open while a password is hashed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from quill_common.access.principal import Principal
from quill_common.audit.entry import AuditEntry
from quill_common.database.engine import Database
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.mail.posting import post

from quill_auth.parts import AuthParts
from quill_auth.passwords import repository
from quill_auth.passwords.errors import BadResetLink, NewPasswordTooShort, WrongCurrentPassword
from quill_auth.passwords.links import hash_of
from quill_auth.passwords.mails import password_changed_mail
from quill_auth.passwords.policy import require_uncommon
from quill_auth.session.continuing import go_on
from quill_auth.session.ending import end_all_sessions, end_other_sessions
from quill_auth.session.tokens import Tokens

Begin = Callable[[], Awaitable[UnitOfWork]]


@dataclass(frozen=True, slots=True)
class Person:
    """Whose password it is."""

    username: str
    email: str


async def change(
    auth: AuthParts, caller: Principal, person: Person, known: str, current: str, new: str, begin: Begin
) -> tuple[Tokens, tuple[str, ...]]:
    """Replace the caller's password, whose hash was `known`: fresh tokens of this session, and the others that ended.

    Raises WrongCurrentPassword (before anything is said of the new one), NewPasswordTooShort, PasswordTooCommon.
    """
    if not await auth.passwords.verify(known, current):
        raise WrongCurrentPassword
    _require_acceptable(auth, new, person)
    password_hash = await auth.passwords.hash(new)
    unit = await begin()
    address = await repository.swap_password(unit, caller.id, known, password_hash)
    if address is None:
        raise WrongCurrentPassword
    await repository.kill_links(unit, caller.id)
    ended = await end_other_sessions(unit, caller.id, caller.session_id, "password set")
    tokens = await go_on(unit, auth, caller)
    await post(unit, password_changed_mail(address))
    return tokens, ended


async def reset(database: Database, auth: AuthParts, token: str, new: str, begin: Begin) -> tuple[str, ...]:
    """Replace the password of the account whose link it is; the sessions that ended.

    Raises BadResetLink, then NewPasswordTooShort or PasswordTooCommon, which leave the link good.
    """
    async with database.reader() as reader:
        account = await repository.account_of_link(reader, hash_of(token))
    if account is None:
        raise BadResetLink
    _require_acceptable(auth, new, Person(account.username, account.email))
    password_hash = await auth.passwords.hash(new)
    unit = await begin()
    standing = await repository.locked_active(unit, account.id)
    if standing is None or not await repository.spend_link(unit, hash_of(token)):
        raise BadResetLink
    await repository.set_password(unit, account.id, password_hash)
    await repository.kill_links(unit, account.id)
    await unit.record(AuditEntry("password.reset", subject_user_id=account.id))
    ended = await end_all_sessions(unit, account.id, "password set")
    await post(unit, password_changed_mail(standing.email))
    return ended


def _require_acceptable(auth: AuthParts, new: str, person: Person) -> None:
    if len(new) < auth.settings.password_min_length:
        raise NewPasswordTooShort(auth.settings.password_min_length)
    require_uncommon(new, person.username, person.email, auth.settings.password_words)
