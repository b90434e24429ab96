"""New accounts: registered by the person, made by an administrator, or the first superadmin (contract 4.2, 4.13)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

from quill_common.access.levels import at_least
from quill_common.access.principal import Principal
from quill_common.audit.entry import AuditEntry
from quill_common.database.engine import Database
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import invalid

from quill_auth.account import repository
from quill_auth.account.errors import (
    EmailTaken,
    MissingFields,
    MissingRequiredFields,
    OrganisationNotFound,
    PasswordTooShort,
    PasswordTooShortFor,
    UsernameTaken,
)
from quill_auth.account.facts import publish_facts
from quill_auth.account.on_record import rights
from quill_auth.account.rules import (
    CREATING_NEEDS_ADMIN,
    require_grantable,
    require_known_roles,
    standing_now,
)
from quill_auth.account.schemas import RegisterIn, UserCreateIn
from quill_auth.cbac.catalogue import DEFAULT_PROFESSION, TEACHING_PROFESSION, resolve
from quill_auth.events import UserCreated
from quill_auth.organisations.repository import is_known
from quill_auth.parts import AuthParts
from quill_auth.passwords.policy import require_uncommon

USERNAME_LENGTH: Final = 150
_CLINICAL: Final = "modify_patient_records"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The columns of a new account."""

    username: str
    email: str
    password_hash: str
    full_name: str | None = None
    system_permissions: str = "patient"
    base_profession: str = DEFAULT_PROFESSION
    additional_competencies: list[str] = field(default_factory=list)
    removed_competencies: list[str] = field(default_factory=list)
    invitation_id: UUID | None = None


async def register(auth: AuthParts, body: RegisterIn, begin: Callable[[], Awaitable[UnitOfWork]]) -> None:
    """An account for oneself, with its membership: orgs adds the staff row when it hears of the account.

    `begin` opens the transaction; it is not held while the password is hashed.
    """
    if not (body.username and body.email and body.password):
        raise MissingFields
    if len(body.password) < auth.settings.password_min_length:
        raise PasswordTooShort
    require_uncommon(body.password, body.username, body.email, auth.settings.password_words)
    password_hash = await auth.passwords.hash(body.password)
    profession = DEFAULT_PROFESSION if auth.settings.clinical_services_enabled else TEACHING_PROFESSION
    new = NewAccount(
        body.username, body.email, password_hash, full_name=body.full_name or None, base_profession=profession
    )
    unit = await begin()
    user_id = await _add(unit, new, ())
    if body.organisation_id is not None and not await is_known(unit, body.organisation_id):
        raise OrganisationNotFound
    await _told(unit, user_id, organisation_id=body.organisation_id)


async def create(
    auth: AuthParts, caller: Principal, body: UserCreateIn, begin: Callable[[], Awaitable[UnitOfWork]]
) -> tuple[int, str, str]:
    """An account for someone else; id, username and address. `require_creatable` comes before.

    `begin` opens the transaction, once the password is hashed.
    """
    new = await _checked(auth, body)
    unit = await begin()
    await repository.locked_account(unit, caller.id)
    require_grantable(await standing_now(unit, caller, CREATING_NEEDS_ADMIN), body.system_permissions or "patient")
    return await _open_with(unit, new, body.roles)


async def create_as_operator(
    auth: AuthParts, body: UserCreateIn, begin: Callable[[], Awaitable[UnitOfWork]]
) -> tuple[int, str, str]:
    """An account of any level; id, username and address. `begin` opens the transaction, once the password is hashed."""
    _require_short_username(body)
    new = await _checked(auth, body)
    unit = await begin()
    await require_known_roles(unit, body.roles)
    return await _open_with(unit, new, body.roles)


async def require_creatable(database: Database, caller: Principal, body: UserCreateIn) -> None:
    """What decides whether the caller may ask for this account at all."""
    async with database.reader() as reader:
        await require_known_roles(reader, body.roles)
    _require_short_username(body)
    require_grantable(caller, body.system_permissions or "patient")


async def open_account(unit: UnitOfWork, new: NewAccount, roles: Sequence[str]) -> int:
    """Store the account with its roles and tell everyone; its id. Raises UsernameTaken or EmailTaken."""
    user_id = await _add(unit, new, roles)
    await _told(unit, user_id)
    return user_id


async def _checked(auth: AuthParts, body: UserCreateIn) -> NewAccount:
    """The account that the body asks for, its password hashed."""
    username = body.username or _username_from(body.name)
    if not (username and body.email and body.password):
        raise MissingRequiredFields
    if len(body.password) < auth.settings.password_min_length:
        raise PasswordTooShortFor(auth.settings.password_min_length)
    require_uncommon(body.password, username, body.email, auth.settings.password_words)
    return NewAccount(
        username,
        body.email,
        await auth.passwords.hash(body.password),
        full_name=body.name or None,
        system_permissions=body.system_permissions or "patient",
        base_profession=body.base_profession or DEFAULT_PROFESSION,
        additional_competencies=body.additional_competencies,
        removed_competencies=body.removed_competencies,
    )


async def _open_with(unit: UnitOfWork, new: NewAccount, roles: Sequence[str] | None) -> tuple[int, str, str]:
    user_id = await open_account(unit, new, _default_roles(new) if roles is None else roles)
    return user_id, new.username, new.email


async def _add(unit: UnitOfWork, new: NewAccount, roles: Sequence[str]) -> int:
    user_id = await repository.add(unit, asdict(new))
    if user_id is None:
        raise UsernameTaken if await repository.is_username_taken(unit, new.username) else EmailTaken
    if roles:
        await repository.replace_roles(unit, user_id, roles)
    return user_id


async def _told(unit: UnitOfWork, user_id: int, **more: Any) -> None:
    """Tell everyone of the new account, and put on record what it may do."""
    account = await publish_facts(unit, UserCreated, user_id, **more)
    await unit.record(AuditEntry("user.create", subject_user_id=user_id, details=rights(account)))


def _require_short_username(body: UserCreateIn) -> None:
    if not body.username and len(_username_from(body.name)) > USERNAME_LENGTH:
        raise invalid("name", f"gives a username of more than {USERNAME_LENGTH} characters", "string_too_long")


def _username_from(name: str) -> str:
    return name.replace(" ", "").lower()


def _default_roles(new: NewAccount) -> Sequence[str]:
    """Clinical staff can work at once (contract 2.2)."""
    competencies = resolve(new.base_profession, new.additional_competencies, new.removed_competencies)
    clinical = at_least(new.system_permissions, "staff") and _CLINICAL in competencies
    return ("Clinician",) if clinical else ()
