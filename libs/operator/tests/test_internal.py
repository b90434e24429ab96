"""Commands that ask a running service say plainly why they cannot."""

from pathlib import Path

import pytest
from quill_common.identity.service_keys import ensure_service_keys
from quill_operator import run_file
from quill_operator.main import app
from typer.testing import CliRunner


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QUILL_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("QUILL_LETTERS_URL", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    "command", [["projections", "status"], ["projections", "rebuild"], ["events", "parked"], ["events", "retry"]]
)
def test_nothing_running_is_said_so(folder: Path, command: list[str]) -> None:
    answer = CliRunner().invoke(app, [*command, "letters"])
    assert answer.exit_code == 1
    assert "Nothing runs on" in answer.stderr


def test_an_unknown_service_is_refused_by_name(folder: Path) -> None:
    answer = CliRunner().invoke(app, ["events", "parked", "billing"])
    assert answer.exit_code == 1
    assert "There is no service 'billing'" in answer.stderr


def test_a_service_that_is_away_is_named_with_its_address(folder: Path) -> None:
    ensure_service_keys(folder)
    run_file.write(folder, {"letters": {"pid": 1, "url": "http://127.0.0.1:1"}})
    answer = CliRunner().invoke(app, ["events", "parked", "letters"])
    assert answer.exit_code == 1
    assert "letters does not answer at http://127.0.0.1:1" in answer.stderr


def test_missing_keys_point_to_the_data_directory(folder: Path) -> None:
    run_file.write(folder, {"letters": {"pid": 1, "url": "http://127.0.0.1:1"}})
    answer = CliRunner().invoke(app, ["events", "parked", "letters"])
    assert answer.exit_code == 1
    assert "is QUILL_DATA_DIR right?" in answer.stderr
