"""`quill bench size`."""

import asyncio
from typing import Annotated, Final

import asyncpg
import typer
from quill_common.settings import load
from quill_common.testing.crowd import SMALL, TO_LARGE
from rich.box import MARKDOWN
from rich.table import Table

from quill_operator.administrator import administrator
from quill_operator.bench.crowd import NotEmpty, grow, require_empty
from quill_operator.bench.scene import is_limited
from quill_operator.bench.size import MOST_TIMES_LONGER, Person, measure
from quill_operator.bench.timing import Median
from quill_operator.console import console, refuse
from quill_operator.run.preparation import embedded_server
from quill_operator.run_file import read
from quill_operator.settings import OperatorSettings

TRIES: Final = 300
REPORT_WIDTH: Final = 120

Measured = dict[tuple[str, bool], Median]


def size(tries: Annotated[int, typer.Option(min=20, help="Of each request at each size")] = TRIES) -> None:
    """Compare lists and searches with 1,000 patients and with 100,000.

    It fills the databases of the running system, which must have no patients and no organisations: run one for it, on
    a data directory of its own, with QUILL_RATE_LIMITS=off, and throw it away afterwards.
    """
    settings = load(OperatorSettings)
    running = read(settings.folder)
    if not running:
        refuse(f"nothing runs on {settings.folder}; start `make run` first")
    try:
        asyncio.run(_size(settings, running["gateway"]["url"], tries))
    except NotEmpty as problem:
        refuse(f"this system is not touched: {problem}")


async def _size(settings: OperatorSettings, url: str, tries: int) -> None:
    connection = await asyncpg.connect(settings.database_url or embedded_server(settings.folder).running_url())
    try:
        await require_empty(connection)
        if await is_limited(url):
            refuse("rate limits are on, so refusals would be measured; start the system with QUILL_RATE_LIMITS=off")
        first = administrator(settings.model_copy(update={"demo": "on"}))
        assert first is not None  # noqa: S101 - there is always one for the demo
        admin = Person(first.username, first.password)
        measured: list[Measured] = []
        for growth in (SMALL, TO_LARGE):
            console.print(f"Filling in patients up to {growth.last:,} …")
            await grow(connection, growth)
            console.print("Measuring …")
            measured.append(await measure(url, admin, growth, tries))
    finally:
        await connection.close()
    small, large = measured
    console.print(table_of(small, large, tries), width=REPORT_WIDTH)


def table_of(small: Measured, large: Measured, tries: int) -> Table:
    """One line a request. The first line is of a request that no patient makes slower: what changed there is noise."""
    headings = (
        "asked by",
        f"{SMALL.last:,} ms",
        f"{TO_LARGE.last:,} ms",
        f"times (aim: {MOST_TIMES_LONGER:g} at most)",
    )
    table = Table("request", *headings, title=f"Latency by size, medians of {tries}", box=MARKDOWN)
    for (name, as_admin), before in small.items():
        after = large[name, as_admin]
        times = after.ms / before.ms
        held = f"{times:.2f}" if times <= MOST_TIMES_LONGER else f"[red]**{times:.2f}**[/]"
        table.add_row(name, "admin" if as_admin else "clinician", _shown(before), _shown(after), held)
    return table


def _shown(one: Median) -> str:
    return f"{one.ms:.2f} ± {one.spread_ms:.2f}"
