"""Rules about levels and roles that stand once (contract 4.13, 4.15, U1, U2, U5)."""

from collections.abc import Sequence
from typing import Any, Final

from quill_common.access.levels import rank
from quill_common.access.principal import Principal, principal_of
from quill_common.database.session import Reader
from quill_common.http.callers import require_admin
from quill_common.http.errors import Unauthenticated, invalid
from sqlalchemy import Row

from quill_auth.account import repository
from quill_auth.account.errors import AboveOwnLevel, GrantsAboveOwn, LastSuperadmin
from quill_auth.session import repository as sessions
from quill_auth.session.errors import InactiveUser

CREATING_NEEDS_ADMIN: Final = "Admin or superadmin permissions required to create users"
UPDATING_NEEDS_ADMIN: Final = "Admin or superadmin permissions required to update users"
LINKING_NEEDS_ADMIN: Final = "Admin only"
SWITCHING_NEEDS_ADMIN: Final = "Requires admin or superadmin permissions"
COMPETENCIES_NEED_ADMIN: Final = "Requires admin or superadmin permissions"


def require_grantable(caller: Principal, level: str) -> None:
    """Nobody grants a level above the own one."""
    if rank(level) > rank(caller.level):
        raise GrantsAboveOwn


def require_not_above(caller: Principal, account: Row[Any]) -> None:
    """Nobody changes an account above the own level."""
    if rank(account.system_permissions) > rank(caller.level):
        raise AboveOwnLevel


async def standing_now(reader: Reader, caller: Principal, detail: str) -> Principal:
    """The caller, once accounts are locked: rights or session may have been taken away while the request waited.

    Raises InactiveUser, Unauthenticated when the session has ended, or Forbidden with `detail`.
    """
    now = await principal_of(reader, caller.id, caller.session_id)
    if now is None:
        raise InactiveUser
    if not await sessions.lives(reader, caller.id, caller.session_id):
        raise Unauthenticated("Invalid token")
    require_admin(now, detail)
    return now


async def require_known_roles(reader: Reader, names: Sequence[str] | None) -> None:
    if names and await repository.unknown_roles(reader, names):
        raise invalid("roles", "names an unknown role")


async def require_superadmin_beside(reader: Reader, account: Row[Any]) -> None:
    """Refuse to take away the last active superadmin. `lock_superadmins` comes before."""
    is_one = account.is_active and account.system_permissions == "superadmin"
    if is_one and not await repository.superadmin_beside(reader, account.id):
        raise LastSuperadmin
