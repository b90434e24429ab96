"""What a request changed in the databases: every row that came or went, without what differs from time to time."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from quill_common.topology import SERVICES
from system.running import RunningSystem

# Written beside every change, or by processes of their own: they repeat what the other tables show.
_BESIDE = (
    "alembic_version",
    "audit%",
    "idempotent_answer",
    "inbox",
    "outbox%",
    "outgoing_mail",
    "parked_event",
    "rate_%",
    "reset_request",
)

_TABLES = """
    SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
    WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE' AND NOT table_name LIKE ANY($2)
"""

_VARIES = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?"), "<time>"),
    (re.compile(r"\$argon2id\$[^\"]*"), "<hash>"),
    (re.compile(r"\\+x[0-9a-f]+"), "<bytes>"),
    (re.compile(r'(totp_secret": ")[^"]+'), r"\1<sealed>"),
    (re.compile(r'("terms": ")(\\.|[^"\\])*'), r"\1<what is searched in the content>"),
    (re.compile(r"\b[a-z][0-9a-f]{12}\b"), "<name>"),
    (re.compile(r"\b[Mm]arsh[0-9a-f]{6}\b"), "<family>"),
    (re.compile(r"(valueInteger\W+)\d+"), r"\1<number>"),
    (re.compile(r"(\": )\d+\b"), r"\1<number>"),
)


@dataclass(frozen=True)
class Rows:
    """All rows of all services at one moment, as JSON, each with its table's name."""

    counted: Counter[str]


async def rows(system: RunningSystem) -> Rows:
    """Read every table of every service, when nobody who asked for a link still waits for it."""
    async with asyncio.timeout(60):
        while await system.query("SELECT FROM auth.reset_request"):  # noqa: ASYNC110 - no event reaches us
            await asyncio.sleep(0.02)
    names = [table["name"] for table in await system.query(_TABLES, list(SERVICES), list(_BESIDE))]
    each = [f"SELECT '{name} ' || to_jsonb(one)::text AS row FROM {name} AS one" for name in names]
    return Rows(Counter(found["row"] for found in await system.query(" UNION ALL ".join(each))))


def effect(before: Rows, after: Rows, planted: Iterable[str]) -> list[str]:
    """The rows that came and went in between. What holds one of the `planted` patterns shows it as `PLANTED`."""
    went, came = before.counted - after.counted, after.counted - before.counted
    lines = [f"- {row}" for row in went.elements()] + [f"+ {row}" for row in came.elements()]
    return sorted(_without_what_varies(line, planted) for line in lines)


def _without_what_varies(line: str, planted: Iterable[str]) -> str:
    for pattern in planted:
        line = re.sub(pattern, "PLANTED", line)
    for varying, instead in _VARIES:
        line = varying.sub(instead, line)
    return line
