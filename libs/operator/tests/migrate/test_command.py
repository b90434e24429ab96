"""`quill migrate` on an embedded database of its own."""

from pathlib import Path

import pytest
from quill_operator.main import app
from typer.testing import CliRunner, Result

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def quill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("QUILL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("QUILL_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


def call(quill: CliRunner, *words: str) -> Result:
    return quill.invoke(app, ["migrate", *words])


def test_a_service_goes_up_and_down_and_status_says_where_it_is(quill: CliRunner, tmp_path: Path) -> None:
    assert "behind" in call(quill, "status", "auth").output
    assert call(quill, "up", "auth").exit_code == 0
    status = call(quill, "status", "all").output
    assert status.count("up to date") == 1
    assert status.count("behind") == 4
    assert "auth is at nothing" in call(quill, "down", "auth", "base").output
    assert not (tmp_path / "data/run.lock").exists()


def test_an_unknown_service_is_refused_by_name(quill: CliRunner) -> None:
    answer = call(quill, "up", "billing")
    assert answer.exit_code == 1
    assert "There is no service 'billing'" in answer.stderr


def test_models_and_migrations_of_every_service_agree_up_down_and_up(quill: CliRunner) -> None:
    answer = call(quill, "check")
    assert answer.exit_code == 0, answer.stderr
