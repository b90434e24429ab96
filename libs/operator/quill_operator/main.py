"""The `quill` command. One line per group of commands."""

import typer

from quill_operator.bench.command import bench
from quill_operator.demo.command import seed
from quill_operator.events.command import events
from quill_operator.fhir_import.command import import_fhir
from quill_operator.migrate.command import migrate
from quill_operator.projections.command import projections
from quill_operator.run.command import run
from quill_operator.story.command import story

app = typer.Typer(
    name="quill",
    help="Run Quill and look after it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command()(run)
app.command()(seed)
app.command()(story)
app.command()(bench)
app.command()(import_fhir)
app.add_typer(migrate)
app.add_typer(projections)
app.add_typer(events)
