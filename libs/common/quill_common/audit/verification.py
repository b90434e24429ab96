"""Prove that a service's trail is the one that was written: nothing changed, taken out, put in or cut off.

Who owns the database could write a whole new chain. Heads that were remembered elsewhere tell: the chain must still
hold the entry that was once its last.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import asyncpg

from quill_common.audit.canonical import START, Row, chained

OVERDUE: Final = "1 minute"
_PREFETCH: Final = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain; `hash` in hexadecimal."""

    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. `fault` is None when the chain is whole; `broken_at` is the first position that is not."""

    entries: int
    head: Head | None
    overdue: int
    fault: str | None = None
    broken_at: int | None = None


async def verify(connection: asyncpg.Connection, schema: str, remembered: Head | None = None) -> Verified:
    """Read the whole chain of `schema`, in constant memory, as it is now: the service may go on working.

    `remembered` is the head that an earlier verification returned. `overdue` counts entries that have waited for
    their seal for more than a minute.
    """
    quoted = await connection.fetchval("SELECT quote_ident($1)", schema)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        overdue = await connection.fetchval(
            f"SELECT count(*) FROM {quoted}.audit_entry "  # noqa: S608 - quoted by PostgreSQL
            f"WHERE position IS NULL AND recorded_at < clock_timestamp() - interval '{OVERDUE}'"
        )
        head_row = await connection.fetchrow(f"SELECT position, hash FROM {quoted}.audit_head")  # noqa: S608 - as above
        return await _read(_Chain(remembered), _rows(connection, quoted), head_row, overdue)


class _Chain:
    """What is known of the chain up to the row that was read last."""

    def __init__(self, remembered: Head | None) -> None:
        self.position = 0
        self.hash = START
        self._remembered = remembered

    @property
    def head(self) -> Head | None:
        return Head(self.position, self.hash.hex()) if self.position else None

    def fault_of(self, row: Row) -> str | None:
        """What is wrong with the next row, None when it continues the chain."""
        if row["position"] < self.position + 1:
            return "the position is there twice" if row["position"] == self.position else "the position is not positive"
        if row["position"] > self.position + 1:
            return "the entry is missing"
        expected = chained(self.hash, row)
        if row["hash"] != expected:
            return "the hash does not match the entry and the one before it"
        self.position, self.hash = row["position"], expected
        known = self._remembered
        if known is not None and known.position == self.position and known.hash != self.hash.hex():
            return "the hash is not the one that was remembered: the chain was written anew"
        return None

    def fault_at_end(self, head: Row | None) -> str | None:
        """What is wrong with where the chain ends."""
        if self._remembered is not None and self._remembered.position > self.position:
            return f"the chain once reached position {self._remembered.position}: its end was cut off"
        recorded = head["position"] if head is not None else 0
        if recorded != self.position:
            return f"the sealer had reached position {recorded}: the chain does not end there"
        if head is not None and head["hash"] != self.hash:
            return "the sealer's last hash is another one"
        return None


async def _read(chain: _Chain, rows: AsyncIterator[Row], head: Row | None, overdue: int) -> Verified:
    async for row in rows:
        fault = chain.fault_of(row)
        if fault is not None:
            return Verified(chain.position, chain.head, overdue, fault, min(chain.position + 1, row["position"]))
    fault = chain.fault_at_end(head)
    return Verified(chain.position, chain.head, overdue, fault, chain.position + 1 if fault else None)


async def _rows(connection: asyncpg.Connection, quoted: str) -> AsyncIterator[Row]:
    statement = (
        f"SELECT * FROM {quoted}.audit_entry "  # noqa: S608 - quoted by PostgreSQL
        "WHERE position IS NOT NULL ORDER BY position, recorded_at, id"
    )
    async for row in connection.cursor(statement, prefetch=_PREFETCH):
        yield row
