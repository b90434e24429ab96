"""`quill events parked|retry SERVICE`."""

import typer
from rich.table import Table

from quill_operator.console import console, refuse
from quill_operator.internal import call

events = typer.Typer(name="events", help="Look after events that a service could not apply.", no_args_is_help=True)


@events.command()
def parked(service: str) -> None:
    """List the events that SERVICE put aside, with the reason."""
    rows = call(service, "GET", "/internal/events/parked")
    if not rows:
        console.print(f"{service} has put no event aside")
        return
    table = Table("source", "position", "tries", "since", "error")
    for row in rows:
        table.add_row(row["source"], str(row["position"]), str(row["tries"]), row["parked_at"], row["error"])
    console.print(table)


@events.command()
def retry(service: str) -> None:
    """Try the events that SERVICE put aside once more. Exit code 1 if some remain."""
    answer = call(service, "POST", "/internal/events/parked/retry")
    console.print(f"{answer['applied']} applied, {answer['parked']} still put aside")
    if answer["parked"]:
        refuse(f"see `quill events parked {service}`")
