"""`GET /api/users`: who may see which accounts (contract 4.12)."""

from collections.abc import Sequence
from typing import Any

from quill_common.access.levels import LADDER
from quill_common.access.policy import patient_exists
from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.http.callers import require_admin, require_administrative_access
from quill_common.http.errors import BadRequest, PatientNotFound
from quill_common.http.paging import Page
from sqlalchemy import Row

from quill_auth.account import listing_repository


class InvalidPermissionLevel(BadRequest):
    def __init__(self, value: str) -> None:
        super().__init__(f"Invalid permission_level: {value}")


async def list_accounts(reader: Reader, caller: Principal, lowest: str | None, page: Page) -> dict[str, Any]:
    """Every account, for administrators."""
    require_admin(caller)
    if lowest is not None and lowest not in LADDER:
        raise InvalidPermissionLevel(lowest)
    rows = await listing_repository.accounts(reader, lowest, _after(page), page.fetch)
    return _shown(rows, page, with_email=True)


async def list_around_patient(reader: Reader, caller: Principal, patient_id: str, page: Page) -> dict[str, Any]:
    """The people around a patient, for whoever has administrative access to it."""
    await require_administrative_access(reader, caller, patient_id)
    if not await patient_exists(reader, patient_id):
        raise PatientNotFound
    rows = await listing_repository.around_patient(reader, patient_id, _after(page), page.fetch)
    return _shown(rows, page, with_email=caller.is_staff)


def _after(page: Page) -> int:
    key = page.after(int)
    return key[0] if key else 0


def _shown(rows: Sequence[Row[Any]], page: Page, *, with_email: bool) -> dict[str, Any]:
    shown, next_cursor = page.cut(rows, lambda row: (row.id,))
    users = [
        {
            "id": row.id,
            "username": row.username,
            "email": row.email if with_email else "",
            "system_permissions": row.system_permissions,
        }
        for row in shown
    ]
    return {"users": users, "next_cursor": next_cursor}
