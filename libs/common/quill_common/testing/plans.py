"""How PostgreSQL runs the statements that a service really sent, with the parameters that it sent.

Each is looked at twice: as it is planned for its parameters at first, and after it came often, when the server may have
gone over to one plan for any parameters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson

_OFTEN: Final = 7  # five times it is planned for its parameters; then the server compares
_GROWN: Final = """
    SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    AND reltuples >= $1
"""


@dataclass(frozen=True)
class Plan:
    """One statement as it was run the `turn`-th time; `nodes` are those of EXPLAIN (ANALYZE, FORMAT JSON)."""

    statement: str
    turn: int
    nodes: Sequence[dict[str, Any]]

    @property
    def walked(self) -> set[str]:
        """The tables of which every row was looked at."""
        return {node["Relation Name"] for node in self.nodes if node["Node Type"].endswith("Seq Scan")}

    @property
    def rows(self) -> int:
        """How many rows of tables and indexes were looked at, those included that did not fit."""
        return round(sum(_rows(node) for node in self.nodes if "Scan" in node["Node Type"]))


async def plans(url: str, sent: Sequence[tuple[str, Sequence[Any]]]) -> list[Plan]:
    """The plans of `sent`, statements with parameters, run again by the role of `url`."""
    connection = await asyncpg.connect(url, server_settings={"jit": "off"})
    try:
        return [plan for each in sent for plan in await _plans(connection, *each)]
    finally:
        await connection.close()


async def grown(url: str, rows: int) -> set[str]:
    """The tables that have at least so many rows, by the statistics of the last ANALYZE."""
    connection = await asyncpg.connect(url)
    try:
        return {row["relname"] for row in await connection.fetch(_GROWN, rows)}
    finally:
        await connection.close()


async def _plans(connection: asyncpg.Connection, statement: str, parameters: Sequence[Any]) -> list[Plan]:
    values = ", ".join([await _literal(connection, value) for value in parameters])
    await connection.execute(f"PREPARE sent AS {statement}")
    execute = f"EXECUTE sent({values})" if parameters else "EXECUTE sent"
    found = []
    for turn in range(1, _OFTEN + 1):
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {execute}")
        found.append(Plan(statement, turn, list(_nodes(orjson.loads(explained)[0]["Plan"]))))
    await connection.execute("DEALLOCATE sent")
    return [found[0], found[-1]]


async def _literal(connection: asyncpg.Connection, value: Any) -> str:
    """As SQL text; the prepared statement knows the type."""
    text = value if isinstance(value, str) else None if value is None else str(value)
    literal: str = await connection.fetchval("SELECT quote_nullable($1::text)", text)
    return literal


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _rows(node: dict[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    looked: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return looked
