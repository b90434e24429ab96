"""The files of an export: whole or not there, and nobody else's to read."""

import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from quill_common.fhir.export import NEXT
from quill_operator.fhir_export.exporter import FileExists, export
from quill_operator.fhir_import.services import ServiceFailed
from quill_operator.main import app
from typer.testing import CliRunner


class World:
    """`pages` of one type, each named by its place; the page number `fails` is never answered."""

    def __init__(self, *pages: bytes, fails: int | None = None) -> None:
        self.pages = pages
        self.fails = fails

    def answer(self, service: str, method: str, path: str) -> httpx.Response:
        asked = urlsplit(path)
        assert (method, asked.path) == (
            "GET",
            f"/internal/export/{'Patient' if service == 'patients' else 'Communication'}",
        )
        number = int(parse_qs(asked.query).get("after", ["0"])[0])
        if number == self.fails:
            raise ServiceFailed(f"{service} answered 500", 500)
        more = {NEXT: str(number + 1)} if number + 1 < len(self.pages) else {}
        return httpx.Response(200, content=self.pages[number], headers=more)


def test_all_pages_make_one_file_for_its_owner_alone(tmp_path: Path) -> None:
    count = export(World(b'{"a":1}\n{"a":2}\n', b'{"a":3}\n'), "patients", "Patient", tmp_path / "out")
    file = tmp_path / "out" / "Patient.ndjson"
    assert (count, file.read_bytes()) == (3, b'{"a":1}\n{"a":2}\n{"a":3}\n')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_half_an_export_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ServiceFailed):
        export(World(b'{"a":1}\n', b"", fails=1), "patients", "Patient", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_text("older")
    with pytest.raises(FileExists):
        export(World(b'{"a":1}\n'), "patients", "Patient", tmp_path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["older"]


def test_the_command_says_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quill_operator.fhir_export.command.RunningServices", lambda: World(b'{"a":1}\n'))
    result = CliRunner().invoke(app, ["export-fhir", str(tmp_path)])
    assert (result.exit_code, result.output.split()) == (0, ["Patient:", "1", "Communication:", "1"])
    again = CliRunner().invoke(app, ["export-fhir", str(tmp_path)])
    assert (again.exit_code, "exists already" in again.output.replace("\n", " ")) == (1, True)
