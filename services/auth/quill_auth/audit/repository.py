"""The SQL of names beside the trail."""

from collections.abc import Collection

from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader
from sqlalchemy import bindparam, select

_ACCOUNTS = select(AccessUser.id, AccessUser.full_name, AccessUser.username).where(
    AccessUser.id.in_(bindparam("user_ids", expanding=True))
)


async def names_of(reader: Reader, user_ids: Collection[int]) -> dict[int, str]:
    """What each of these accounts is called, without those that are not known."""
    if not user_ids:
        return {}
    rows = await reader.rows(_ACCOUNTS, {"user_ids": list(user_ids)})
    return {row.id: row.full_name or row.username for row in rows}
