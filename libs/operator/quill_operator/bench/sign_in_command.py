"""`quill bench sign-in`."""

import asyncio
from typing import Annotated

import typer
from quill_common.settings import load
from rich.box import MARKDOWN
from rich.table import Table

from quill_operator.administrator import administrator
from quill_operator.bench.sign_in import AIM_MS, MOST_TRIES, QUESTIONS, NotAnswered, accounts, measure
from quill_operator.bench.timing import Compared, Median
from quill_operator.console import console, refuse
from quill_operator.run_file import read
from quill_operator.settings import OperatorSettings


def sign_in(tries: Annotated[int, typer.Option(min=200, max=MOST_TRIES, help="Of each kind")] = MOST_TRIES) -> None:
    """Compare how long sign-in and forgot-password take for known and for unknown accounts.

    Run the system with QUILL_RATE_LIMITS=off, and nothing else beside: the limits would refuse what is measured.
    """
    settings = load(OperatorSettings)
    running = read(settings.folder)
    if not running:
        refuse(f"nothing runs on {settings.folder}; start `make run` first")
    asyncio.run(_sign_in(settings, running["gateway"]["url"], tries))


async def _sign_in(settings: OperatorSettings, url: str, tries: int) -> None:
    admin = administrator(settings.model_copy(update={"demo": "on"}))
    assert admin is not None  # noqa: S101 - there is always one for the demo
    known = await accounts(url, admin.username, admin.password)
    headings = ("known ms", "unknown ms", "difference ms", f"aim: under {AIM_MS:g} ms")
    table = Table("request", *headings, title=f"Known against unknown, {tries} tries each, medians", box=MARKDOWN)
    for question in QUESTIONS:
        try:
            compared = await measure(url, question, known, tries)
        except NotAnswered as problem:
            console.print(f"[red]{question.name} is not measured.[/] {problem}")
            continue
        table.add_row(question.name, *_shown(compared))
    console.print(table)


def _shown(compared: Compared) -> tuple[str, ...]:
    difference = f"{compared.difference_ms:+.2f} ± {compared.spread_ms:.2f}"
    held = "yes" if abs(compared.difference_ms) < AIM_MS else "[red]**no**[/]"
    return _median(compared.known), _median(compared.unknown), difference, held


def _median(one: Median) -> str:
    return f"{one.ms:.2f} ± {one.spread_ms:.2f}"
