"""`quill projections status [SERVICE]` and `quill projections rebuild SERVICE`."""

from typing import Annotated

import typer
from quill_common.topology import SERVICES
from rich.table import Table

from quill_operator.console import console
from quill_operator.internal import call

projections = typer.Typer(
    name="projections", help="Look at what a service knows of the others, or build it again.", no_args_is_help=True
)


@projections.command()
def status(service: Annotated[str | None, typer.Argument(help="All services without it")] = None) -> None:
    """Show how far SERVICE has followed each source, asked now."""
    table = Table("service", "source", "state", "applied", "published", "behind", "lag", "aside")
    for name in (service,) if service else SERVICES:
        for source, at in call(name, "GET", "/internal/projections").items():
            counts = (str(at[each]) for each in ("position", "head", "behind"))
            table.add_row(name, source, at["state"], *counts, f"{at['lag_seconds']:.1f} s", str(at["parked"]))
    console.print(table)


@projections.command()
def rebuild(service: str) -> None:
    """Build the projections of SERVICE again from the first event, while it goes on answering."""
    with console.status(f"Rebuilding the projections of {service}"):
        reached = call(service, "POST", "/internal/projections/rebuild")
    for source, position in reached.items():
        console.print(f"{source}: rebuilt up to {position}")
