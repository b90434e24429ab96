"""`quill import-fhir --organisation ID PATH...`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from quill_operator.console import console, refuse
from quill_operator.fhir_import.bundle import files_of
from quill_operator.fhir_import.importer import Importer
from quill_operator.fhir_import.services import RunningServices, ServiceFailed, Services


def import_fhir(
    paths: Annotated[list[Path], typer.Argument(help="FHIR R4 bundles, or folders of *.json", exists=True)],
    organisation: Annotated[int, typer.Option(help="Id of the organisation that the patients join", min=1)],
) -> None:
    """Bring patients and clinical notes in from FHIR R4 bundles. Doing it again changes nothing."""
    try:
        services = RunningServices()
        name = organisation_name(services, organisation)
        console.print(f"Importing into {name}", markup=False)
        importer = Importer(services, organisation)
        files = list(files_of(paths))
        with Progress(console=console) as progress:
            for file in progress.track(files, description="Bundles"):
                importer.import_file(file)
    except ServiceFailed as problem:
        refuse(f"{problem}. What was imported so far is kept; run the command again to go on")
    importer.report.show(console)
    if importer.report.refusals:
        raise typer.Exit(1)


def organisation_name(services: Services, organisation_id: int) -> str:
    """Ends the command when there is no such organisation."""
    try:
        answer, _ = services.ask("orgs", "GET", f"/internal/organisations/{organisation_id}")
    except ServiceFailed as problem:
        if problem.status == 404:
            refuse(f"There is no organisation {organisation_id}")
        raise
    return str(answer["name"])
