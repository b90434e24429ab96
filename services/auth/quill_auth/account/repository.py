"""The SQL of accounts and roles."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from quill_common.database.session import Reader, Writer
from sqlalchemy import Row, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from quill_auth.account.tables import Role, User, UserRole

_ROLES = func.array(
    select(Role.name)
    .join(UserRole, UserRole.role_id == Role.id)
    .where(UserRole.user_id == User.id)
    .order_by(Role.name)
    .correlate(User)
    .scalar_subquery()
)

_ACCOUNTS = select(
    User.id,
    User.username,
    User.full_name,
    User.email,
    User.is_active,
    User.fhir_patient_id,
    User.system_permissions,
    User.base_profession,
    User.additional_competencies,
    User.removed_competencies,
    _ROLES.label("roles"),
)
_ACCOUNT = _ACCOUNTS.where(User.id == bindparam("user_id"))
_ACCOUNTS_AFTER = _ACCOUNTS.where(User.id > bindparam("after")).order_by(User.id).limit(bindparam("limit"))
_CALLED = _ACCOUNTS.where(or_(User.username == bindparam("username"), User.id == bindparam("user_id"))).order_by(
    User.id
)

# In the order of their ids, so that two who change each other do not wait for each other.
_LOCK = select(User.id).where(User.id.in_(bindparam("ids", expanding=True))).order_by(User.id).with_for_update()
_INSERT = insert(User).on_conflict_do_nothing().returning(User.id)
_USERNAME_TAKEN = select(exists().where(User.username == bindparam("username")))
_INVITED = (
    select(User.id, User.is_active, User.invitation_id)
    .where(or_(User.invitation_id == bindparam("invitation"), func.lower(User.email) == func.lower(bindparam("email"))))
    .order_by((User.invitation_id == bindparam("invitation")).desc().nulls_last())
    .limit(1)
)
_LOCK_SUPERADMINS = text("SELECT pg_advisory_xact_lock(hashtext('quill superadmins'))")
_SUPERADMIN_BESIDE = select(
    exists().where(User.system_permissions == "superadmin", User.is_active, User.id != bindparam("user_id"))
)
_ANY_SUPERADMIN = select(exists().where(User.system_permissions == "superadmin"))
_KNOWN_ROLES = select(Role.name).where(Role.name.in_(bindparam("names", expanding=True)))
_ASSIGN = insert(UserRole).from_select(
    ["user_id", "role_id"],
    select(bindparam("user_id", type_=UserRole.user_id.type), Role.id).where(
        Role.name.in_(bindparam("names", expanding=True))
    ),
)


async def account(reader: Reader, user_id: int) -> Row[Any] | None:
    """The account with its roles, sorted by name."""
    return await reader.row(_ACCOUNT, {"user_id": user_id})


async def accounts_after(reader: Reader, after: int, limit: int) -> Sequence[Row[Any]]:
    """Accounts with their roles, by id."""
    return await reader.rows(_ACCOUNTS_AFTER, {"after": after, "limit": limit})


async def accounts_called(reader: Reader, username: str, user_id: int | None) -> Sequence[Row[Any]]:
    """The account of that name and the one of that id."""
    return await reader.rows(_CALLED, {"username": username, "user_id": user_id})


async def locked_account(writer: Writer, user_id: int, *beside: int) -> Row[Any] | None:
    """The account as it stands, held against other changes until the end of the transaction, as those `beside` it."""
    # Two statements: the second must see what the transaction that held the lock before has done, roles included.
    await writer.values(_LOCK, {"ids": [user_id, *beside]})
    return await account(writer, user_id)


async def add(writer: Writer, values: Mapping[str, Any]) -> int | None:
    """Insert an account; its id, or None when the name or the address is taken."""
    found = await writer.value(_INSERT, dict(values))
    return None if found is None else int(found)


async def invited(reader: Reader, invitation_id: UUID, email: str) -> Row[Any] | None:
    """`id`, `is_active`, `invitation_id` of the account made for the invitation, else of the one with the address."""
    return await reader.row(_INVITED, {"invitation": invitation_id, "email": email})


async def is_username_taken(reader: Reader, username: str) -> bool:
    return bool(await reader.value(_USERNAME_TAKEN, {"username": username}))


async def change(writer: Writer, user_id: int, values: Mapping[str, Any]) -> None:
    """Change columns. Raises IntegrityError when the new name or address is taken."""
    async with writer.savepoint():
        await writer.execute(update(User).where(User.id == user_id).values(dict(values)))


async def unknown_roles(reader: Reader, names: Sequence[str]) -> set[str]:
    """Those of `names` that are not in the role table."""
    return set(names) - set(await reader.values(_KNOWN_ROLES, {"names": list(names)})) if names else set()


async def replace_roles(writer: Writer, user_id: int, names: Sequence[str]) -> None:
    await writer.execute(delete(UserRole).where(UserRole.user_id == user_id))
    if names:
        await writer.execute(_ASSIGN, {"user_id": user_id, "names": list(names)})


async def lock_superadmins(writer: Writer) -> None:
    """Let one transaction at a time change who is superadmin. Call it before any row is locked."""
    await writer.execute(_LOCK_SUPERADMINS)


async def superadmin_beside(reader: Reader, user_id: int) -> bool:
    """Whether there is an active superadmin other than `user_id`."""
    return bool(await reader.value(_SUPERADMIN_BESIDE, {"user_id": user_id}))


async def any_superadmin(reader: Reader) -> bool:
    return bool(await reader.value(_ANY_SUPERADMIN))
