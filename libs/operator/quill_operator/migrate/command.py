"""`quill migrate status|up|down|new|check`."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, get_args

import typer
from quill_common.database import migration
from quill_common.database.provision import provision
from quill_common.embedded import EmbeddedPostgres
from quill_common.settings import load
from quill_common.topology import SERVICES, Service
from rich.progress import track
from rich.table import Table

from quill_operator.console import console, refuse
from quill_operator.migrate.rehearsal import rehearse
from quill_operator.owner import owner_url
from quill_operator.secret_files import password
from quill_operator.settings import OperatorSettings

migrate = typer.Typer(name="migrate", help="Bring the database of a service up, down, or look where it stands.",
                      no_args_is_help=True)  # fmt: skip

Which = Annotated[str, typer.Argument(help=f"{', '.join(SERVICES)} or all")]


@migrate.command()
def status(which: Which = "all") -> None:
    """Show where each service's schema stands, and where the code wants it."""
    table = Table("service", "is at", "needs", "")
    with owner_url() as url:
        for service in _services(which):
            current = asyncio.run(migration.current_of(service, url))
            wanted = migration.heads_of(service)
            state = "up to date" if current == wanted else "behind"
            table.add_row(service, _names(current), _names(wanted), state)
    console.print(table)


@migrate.command()
def up(which: Which = "all", revision: str = "heads") -> None:
    """Bring a service, or all, to the newest revision."""
    with owner_url() as url:
        for service in track(_services(which), "Migrating", console=console):
            asyncio.run(_up(service, url, revision))


@migrate.command()
def down(which: Which, revision: str) -> None:
    """Take one service back to REVISION (`base` empties its schema)."""
    with owner_url() as url:
        for service in _services(which):
            asyncio.run(migration.downgrade(service, url, revision))
            console.print(f"{service} is at {_names(asyncio.run(migration.current_of(service, url)))}")


@migrate.command()
def new(which: Which, message: str) -> None:
    """Write a migration from the difference between the models and the migrations so far."""
    with _scratch() as url:
        for service in _services(which):
            asyncio.run(_up(service, url, "heads"))
            asyncio.run(migration.revise(service, url, message))


@migrate.command()
def check(which: Which = "all") -> None:
    """Rehearse on an empty database: up, models and migrations agree, down to nothing, up again."""
    faults: list[str] = []
    with _scratch() as url:
        for service in track(_services(which), "Rehearsing migrations", console=console):
            faults += [f"{service}: {fault}" for fault in asyncio.run(rehearse(service, url))]
    if faults:
        refuse("\n".join(faults))
    console.print("Models and migrations agree, up, down and up again")


async def _up(service: Service, url: str, revision: str) -> None:
    settings = load(OperatorSettings)
    await provision(url, service, password(settings.folder, service))
    await migration.upgrade(service, url, revision)


def _services(which: str) -> list[Service]:
    if which == "all":
        return list(SERVICES)
    chosen = [service for service in get_args(Service) if service == which]
    return chosen or refuse(f"There is no service {which!r}: {', '.join(SERVICES)}")


@contextmanager
def _scratch() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="quill-migrations-") as folder:
        server = EmbeddedPostgres(Path(folder), database="quill_rehearsal", durable=False)
        try:
            yield server.start()
        finally:
            server.stop()


def _names(revisions: frozenset[str]) -> str:
    return ", ".join(sorted(revisions)) or "nothing"
