"""`quill audit verify`."""

import asyncio
from typing import Annotated, Final

import asyncpg
import typer
from quill_common.audit.verification import Head, Verified, verify
from quill_common.settings import load
from quill_common.topology import SERVICES
from rich.table import Table
from sqlalchemy import make_url

from quill_operator.audit.heads import UnreadableHeadsError, read_heads, write_heads
from quill_operator.console import console, refuse
from quill_operator.owner import owner_url
from quill_operator.settings import OperatorSettings

HEADS_FILE: Final = "audit-heads.json"

audit = typer.Typer(name="audit", help="Prove that what is on record is what was recorded.", no_args_is_help=True)

Forget = Annotated[
    bool, typer.Option("--forget", help="Do not compare with the heads of earlier verifications, and remember these")
]


@audit.callback()
def group() -> None:
    """Keeps `verify` a word of its own while it is the only one."""


@audit.command(name="verify")
def verify_all(forget: Forget = False) -> None:
    """Read every chain and check it against what the last verification remembered; the system may run.

    Ends with 1 when a chain is broken, cut or written anew, or when entries wait for their seal too long.
    """
    path = load(OperatorSettings).folder / HEADS_FILE
    try:
        remembered = {} if forget else read_heads(path)
    except UnreadableHeadsError as problem:
        refuse(str(problem))
    with owner_url() as url:
        found = asyncio.run(_verified(url, remembered))
    _show(found)
    faults = _faults(found)
    write_heads(path, remembered | {name: each.head for name, each in found.items() if each.head and not each.fault})
    if faults:
        refuse("\n".join(faults))


async def _verified(url: str, remembered: dict[str, Head]) -> dict[str, Verified]:
    """What was found, by service; a service whose schema has no trail yet is left out."""
    found: dict[str, Verified] = {}
    connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        for service in SERVICES:
            if await connection.fetchval("SELECT to_regclass($1)", f"{service}.audit_entry") is not None:
                found[service] = await verify(connection, service, remembered.get(service))
            elif service in remembered:
                found[service] = Verified(0, None, 0, "the whole trail is gone", 1)
    finally:
        await connection.close()
    return found


def _show(found: dict[str, Verified]) -> None:
    table = Table("service", "entries", "head", "")
    for service, each in found.items():
        head = each.head.hash[:16] if each.head else "-"
        table.add_row(service, str(each.entries), head, "broken" if each.fault else "whole")
    console.print(table)


def _faults(found: dict[str, Verified]) -> list[str]:
    broken = [f"{name}: position {each.broken_at}: {each.fault}" for name, each in found.items() if each.fault]
    late = [
        f"{name}: {each.overdue} entries have waited for their seal for more than a minute"
        for name, each in found.items()
        if each.overdue
    ]
    return broken + late
