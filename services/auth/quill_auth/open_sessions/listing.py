"""Pages of the sessions of one account, last used first."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from quill_common.database.session import Reader
from quill_common.http.paging import InvalidCursor, Page
from sqlalchemy import Row

from quill_auth.open_sessions import repository
from quill_auth.open_sessions.repository import Place


async def list_sessions(reader: Reader, user_id: int, page: Page, current: str | None = None) -> dict[str, Any]:
    """The live sessions of an account; `current` is the id of the one that asks."""
    rows = await repository.open_sessions(reader, user_id, _after(page), page.fetch)
    shown, next_cursor = page.cut(rows, lambda row: (row.last_used_at.isoformat(), str(row.id)))
    return {"sessions": [_shown(row, current) for row in shown], "next_cursor": next_cursor}


def _after(page: Page) -> Place | None:
    key = page.after(str, str)
    if key is None:
        return None
    try:
        return Place(datetime.fromisoformat(key[0]).astimezone(UTC), UUID(key[1]))
    except (OverflowError, ValueError) as problem:
        raise InvalidCursor from problem


def _shown(row: Row[Any], current: str | None) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "device": row.device,
        "address": row.address,
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
        "expires_at": row.expires_at,
        "current": str(row.id) == current,
    }
