"""Accounts as operators see them: whose they are and what they may do, to find the id that a command needs."""

import re
from typing import Any, Final

from quill_common.database.session import Reader
from quill_common.http.paging import Page
from quill_common.http.shapes import MAX_BIGINT
from sqlalchemy import Row

from quill_auth.account import repository

_ID: Final = re.compile(r"[1-9][0-9]{0,18}")


async def page_of(reader: Reader, page: Page) -> dict[str, Any]:
    """A page of all accounts, by id."""
    (after,) = page.after(int) or (0,)
    shown, next_cursor = page.cut(await repository.accounts_after(reader, after, page.fetch), lambda row: (row.id,))
    return {"users": [_shown(row) for row in shown], "next_cursor": next_cursor}


async def called(reader: Reader, text: str) -> dict[str, Any]:
    """The accounts that have `text` as username or as id."""
    user_id = int(text) if _ID.fullmatch(text) and int(text) <= MAX_BIGINT else None
    rows = await repository.accounts_called(reader, text, user_id)
    return {"users": [_shown(row) for row in rows], "next_cursor": None}


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "username": row.username,
        "name": row.full_name,
        "email": row.email,
        "system_permissions": row.system_permissions,
        "base_profession": row.base_profession,
        "roles": row.roles,
        "is_active": row.is_active,
    }
