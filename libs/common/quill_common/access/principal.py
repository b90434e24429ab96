"""Who asks: the account as it stands now, not as it stood when the token was made."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select

from quill_common.access.levels import at_least
from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in, active account."""

    id: int
    username: str
    full_name: str | None
    email: str
    level: str
    roles: frozenset[str]
    competencies: frozenset[str]
    patient_id: str | None
    session_id: str

    @property
    def display_name(self) -> str:
        return self.full_name or self.username

    @property
    def is_staff(self) -> bool:
        return at_least(self.level, "staff")

    @property
    def is_admin(self) -> bool:
        return at_least(self.level, "admin")


_USER = select(AccessUser.__table__).where(AccessUser.id == bindparam("user_id"))


async def principal_of(reader: Reader, user_id: int, session_id: str) -> Principal | None:
    """The account of a verified token; None when it is missing or inactive. One statement."""
    row = await reader.row(_USER, {"user_id": user_id})
    if row is None or not row.is_active:
        return None
    return principal_from(row, session_id)


def principal_from(row: Row[Any], session_id: str) -> Principal:
    """The principal of a row that has the columns of `access_user`."""
    return Principal(
        id=row.id,
        username=row.username,
        full_name=row.full_name,
        email=row.email,
        level=row.level,
        roles=frozenset(row.roles),
        competencies=frozenset(row.competencies),
        patient_id=row.patient_id,
        session_id=session_id,
    )
