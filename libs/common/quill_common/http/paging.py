"""Keyset paging: `limit` and an opaque `cursor` in, `next_cursor` out (contract 1.8)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Query

from quill_common.http.errors import BadRequest
from quill_common.http.shapes import MAX_BIGINT, blank_is

MAX_LIMIT = 1000

T = TypeVar("T")


class InvalidCursor(BadRequest):
    detail = "Invalid cursor"


@dataclass(frozen=True, slots=True)
class Page:
    """The page that is asked for."""

    limit: int = MAX_LIMIT
    cursor: str | None = None

    @property
    def fetch(self) -> int:
        """How many rows to fetch: one more than is shown tells whether there is a next page."""
        return self.limit + 1

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The sort key of the last row of the page before, None on the first page.

        `kinds` are the types of the key's parts: `str` or `int`. Raises InvalidCursor.
        """
        if self.cursor is None:
            return None
        key = _decode(self.cursor)
        if len(key) != len(kinds) or not all(_fits(part, kind) for part, kind in zip(key, kinds, strict=True)):
            raise InvalidCursor
        return tuple(key)

    def cut(self, rows: Sequence[T], key: Callable[[T], Sequence[Any]]) -> tuple[Sequence[T], str | None]:
        """The rows to show and the `next_cursor`, from up to `fetch` rows. `key` gives a row's sort key."""
        if len(rows) <= self.limit:
            return rows, None
        shown = rows[: self.limit]
        return shown, _encode(key(shown[-1]))


def _encode(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).rstrip(b"=").decode()


def _decode(cursor: str) -> list[Any]:
    try:
        key = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError) as problem:
        raise InvalidCursor from problem
    if not isinstance(key, list):
        raise InvalidCursor
    return key


def _fits(part: Any, kind: type) -> bool:
    if kind is int:
        return type(part) is int and abs(part) <= MAX_BIGINT
    return isinstance(part, str) and kind is str and "\x00" not in part


# A dependency that is not async runs in a thread: that costs more than everything else about a page.
async def _page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT), blank_is(MAX_LIMIT)] = MAX_LIMIT,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
) -> Page:
    return Page(limit, cursor or None)


Paging = Annotated[Page, Depends(_page)]
