"""The `quill` command. One line per group of commands."""

import typer

from quill_operator.audit.command import audit
from quill_operator.bench.command import bench
from quill_operator.demo.command import seed
from quill_operator.events.command import events
from quill_operator.fhir_export.command import export_fhir
from quill_operator.fhir_import.command import import_fhir
from quill_operator.keys.command import keys
from quill_operator.migrate.command import migrate
from quill_operator.projections.command import projections
from quill_operator.run.command import run
from quill_operator.sessions.command import sessions
from quill_operator.story.command import story
from quill_operator.users.command import users

app = typer.Typer(
    name="quill",
    help="Run Quill and look after it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command()(run)
app.command()(seed)
app.command()(story)
app.command()(import_fhir)
app.command()(export_fhir)
app.add_typer(bench)
app.add_typer(migrate)
app.add_typer(projections)
app.add_typer(events)
app.add_typer(audit)
app.add_typer(keys)
app.add_typer(users)
app.add_typer(sessions)
