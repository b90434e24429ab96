"""`quill export-fhir FOLDER`."""

from pathlib import Path
from typing import Annotated

import typer

from quill_operator.console import console, refuse
from quill_operator.fhir_export.exporter import EXPORTED, FileExists, export
from quill_operator.fhir_import.services import RunningServices, ServiceFailed


def export_fhir(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made if it is missing", file_okay=False)],
) -> None:
    """Write every patient and every message as FHIR R4, one resource a line: `Patient.ndjson`, `Communication.ndjson`.

    What is written while it runs may be missing. The files hold personal data: they are readable by you alone.
    """
    try:
        services = RunningServices()
        for resource_type, service in EXPORTED.items():
            with console.status(f"Exporting {resource_type}"):
                count = export(services, service, resource_type, folder)
            console.print(f"{resource_type}: {count}", markup=False)
    except FileExists as problem:
        refuse(str(problem))
    except ServiceFailed as problem:
        refuse(f"{problem}. The file that was being written is not there: run the command again")
