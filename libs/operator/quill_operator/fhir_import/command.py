"""`quill import-fhir --organisation ID PATH...`."""

from pathlib import Path
from typing import Annotated

import typer

from quill_operator.console import console, refuse
from quill_operator.fhir_import.importer import FileChanged, Importer
from quill_operator.fhir_import.reading import files_of
from quill_operator.fhir_import.report import Report
from quill_operator.fhir_import.services import RunningServices, ServiceFailed, Services


def import_fhir(
    paths: Annotated[list[Path], typer.Argument(help="*.json bundles, *.ndjson, or folders of them", exists=True)],
    organisation: Annotated[int, typer.Option(help="Id of the organisation that the patients join", min=1)],
) -> None:
    """Bring patients and clinical notes in from FHIR R4 bundles and NDJSON. Doing it again changes nothing."""
    report = Report(console)
    try:
        services = RunningServices()
        name = organisation_name(services, organisation)
        console.print(f"Importing into {name}", markup=False)
        with console.status("Reading") as status:
            importer = Importer(services, organisation, report, told=lambda: status.update(report.so_far))
            importer.import_files(list(files_of(paths)))
    except (ServiceFailed, FileChanged) as problem:
        refuse(f"{problem}. What was imported so far is kept; run the command again to go on")
    report.show()
    if report.refused:
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
