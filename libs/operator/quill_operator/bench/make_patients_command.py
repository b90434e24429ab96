"""`quill bench make-patients --count N --out FILE`."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from quill_operator.bench.made_up_patients import MOST, made_up_patients
from quill_operator.console import console

Count = Annotated[int, typer.Option(help="How many", min=1, max=MOST)]
Out = Annotated[Path, typer.Option(help="The NDJSON file to write, or a Bundle where it ends in .json")]


def make_patients(count: Count, out: Out) -> None:
    """Write made-up patients with identifiers, names and addresses, to be imported by `quill import-fhir`."""
    is_bundle = out.suffix == ".json"
    with out.open("wb") as file:
        file.write(b'{"resourceType":"Bundle","type":"collection","entry":[' if is_bundle else b"")
        for number, patient in enumerate(made_up_patients(count)):
            if is_bundle:
                file.write(b",\n" if number else b"\n")
                file.write(orjson.dumps({"fullUrl": f"urn:uuid:{patient['id']}", "resource": patient}))
            else:
                file.write(orjson.dumps(patient) + b"\n")
        file.write(b"]}" if is_bundle else b"")
    console.print(f"{count:,} made-up patients in {out}", markup=False)
