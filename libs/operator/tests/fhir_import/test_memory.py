"""A file of any size is imported in the memory of a few calls."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

MIB = 1 << 20
SIZE_MIB = 120
# The whole file as bytes alone would need more than this; as Python values several times as much.
BOUND_MIB = 48

# In a process of its own: what the tests before have used says nothing here.
IMPORT = """
import resource, sys
from pathlib import Path
from rich.console import Console
from quill_operator.fhir_import.importer import Importer
from quill_operator.fhir_import.report import Report

class Services:
    def ask(self, service, method, path, body=None):
        if method == "GET":
            return {name: {"behind": 0, "state": "ok", "parked": 0} for name in ("patients", "orgs")}, []
        if service == "patients":
            return {"results": [{"id": each["id"], "outcome": "created"} for each in body["patients"]]}, []
        return {"results": [{"source_id": each["source_id"], "outcome": "created"} for each in body["letters"]]}, []

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def run(name):
    report = Report(Console(stderr=True))
    Importer(Services(), 1, report).import_files([Path(name)])
    return report

run(sys.argv[1])
before = peak()
report = run(sys.argv[2])
print(report.counts["patients", "created"], report.counts["notes", "created"], report.refused, peak() - before)
"""


def _patient(number: int) -> bytes:
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"x" * 8000}</div>'}
    return orjson.dumps({"resourceType": "Patient", "id": f"p-{number}", "text": text})


def _note(number: int) -> bytes:
    note = {
        "resourceType": "DocumentReference",
        "id": f"n-{number}",
        "status": "current",
        "subject": {"reference": f"Patient/p-{number}"},
        "date": "2020-01-01T00:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain", "data": "bm90" * 2000}}],
    }
    return orjson.dumps(note)


def _bundle(file: Path, count: int) -> None:
    with file.open("wb") as opened:
        opened.write(b'{"resourceType": "Bundle", "type": "collection", "entry": [')
        for number in range(count):
            resource = _patient(number) if number % 4 else _note(number + 1)
            opened.write(b'%s{"resource": %s}' % (b"," if number else b"", resource))
        opened.write(b"]}")


def _ndjson(file: Path, count: int) -> None:
    with file.open("wb") as opened:
        for number in range(count):
            opened.write((_patient(number) if number % 4 else _note(number + 1)) + b"\n")


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("suffix", "write"), [("json", _bundle), ("ndjson", _ndjson)])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str, write: Callable[[Path, int], None]) -> None:
    small, large = tmp_path / f"small.{suffix}", tmp_path / f"large.{suffix}"
    count = SIZE_MIB * 132
    write(small, 4000)
    write(large, count)
    assert large.stat().st_size > SIZE_MIB * MIB
    command = [sys.executable, "-c", IMPORT, str(small), str(large)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    patients, notes, refused, grown = map(int, done.stdout.split())
    assert (patients, notes, refused) == (count - count // 4, count // 4, 0), done.stderr[-2000:]
    assert grown < BOUND_MIB
