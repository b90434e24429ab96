"""The SQL of the lists of accounts: every account for administrators, the people around one patient for others."""

from collections.abc import Sequence
from typing import Any, Final

from quill_common.access.levels import LADDER
from quill_common.access.tables import AccessGrant, AccessPatientMember, AccessStaff
from quill_common.database.session import Reader
from sqlalchemy import ColumnElement, Executable, Row, bindparam, literal_column, select

from quill_auth.account.tables import User

_PAGE = (
    select(User.id, User.username, User.email, User.system_permissions)
    .where(User.id > bindparam("after"))
    .order_by(User.id)
    .limit(bindparam("limit"))
)


def _at_least(lowest: str) -> Executable:
    # Literals, so that PostgreSQL can prove that its index of staff has them all.
    levels: list[ColumnElement[str]] = [literal_column(f"'{level}'") for level in LADDER[LADDER.index(lowest) :]]
    return _PAGE.where(User.system_permissions.in_(levels))


_OF_LEVEL: Final[dict[str, Executable]] = {level: _at_least(level) for level in LADDER}

_AROUND_PATIENT = _PAGE.where(
    User.is_active,
    User.id.in_(
        select(AccessStaff.user_id)
        .join(AccessPatientMember, AccessPatientMember.organisation_id == AccessStaff.organisation_id)
        .where(AccessPatientMember.patient_id == bindparam("patient_id"))
        .union(select(AccessGrant.user_id).where(AccessGrant.patient_id == bindparam("patient_id")))
    ),
)


async def accounts(reader: Reader, lowest: str | None, after: int, limit: int) -> Sequence[Row[Any]]:
    """Accounts by id, active or not; with `lowest` those of that level of the ladder or higher."""
    return await reader.rows(_PAGE if lowest is None else _OF_LEVEL[lowest], {"after": after, "limit": limit})


async def around_patient(reader: Reader, patient_id: str, after: int, limit: int) -> Sequence[Row[Any]]:
    """Active staff of the patient's organisations and holders of a live grant, by id."""
    return await reader.rows(_AROUND_PATIENT, {"patient_id": patient_id, "after": after, "limit": limit})
