"""`quill projections status|rebuild SERVICE`."""

import typer
from rich.table import Table

from quill_operator.console import console
from quill_operator.internal import call

projections = typer.Typer(
    name="projections", help="Look at what a service knows of the others, or build it again.", no_args_is_help=True
)


@projections.command()
def status(service: str) -> None:
    """Show how far SERVICE has followed each source."""
    table = Table("source", "state", "applied", "published", "behind", "put aside")
    for source, at in call(service, "GET", "/internal/projections").items():
        counts = (str(at[name]) for name in ("position", "head", "behind"))
        table.add_row(source, at["state"], *counts, "yes, see `quill events`" if at["parked"] else "")
    console.print(table)


@projections.command()
def rebuild(service: str) -> None:
    """Build the projections of SERVICE again from the first event, while it goes on answering."""
    with console.status(f"Rebuilding the projections of {service}"):
        reached = call(service, "POST", "/internal/projections/rebuild")
    for source, position in reached.items():
        console.print(f"{source}: rebuilt up to {position}")
