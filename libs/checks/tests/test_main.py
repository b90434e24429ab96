"""The command reads a whole repository, and says by its exit code whether the house rules are kept."""

from pathlib import Path, PurePosixPath

import pytest
from quill_checks.main import main
from quill_checks.rules.places import faults_of_text


@pytest.mark.parametrize(
    "line",
    [
        "data = '/home/" + "anna/quill'",
        "see /Users" + "/anna/quill",
        "cd /root" + "/quill",
        "index = https://py" + "pi.org/simple",
        "pip install --index" + "-url x",
    ],
)
def test_a_machine_path_or_a_registry_address_is_found_in_any_text(line: str) -> None:
    [finding] = faults_of_text(PurePosixPath("README.md"), f"# Quill\n{line}\n")
    assert (finding.line, finding.rule) == (2, "absolute-path")


@pytest.mark.parametrize("line", ["GET /api/home/x", "the root / of it", "$HOME/quill", "/usr/lib/rabbitmq", "/rooted"])
def test_an_ordinary_path_is_not(line: str) -> None:
    assert list(faults_of_text(PurePosixPath("README.md"), line)) == []


def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["quill-checks", str(root)])
    try:
        main()
    except SystemExit as end:
        return int(str(end.code))
    return 0


def test_a_clean_repository_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    (tmp_path / "picture.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bad.py").write_text("x = '/home/" + "anna'\n")
    assert run(tmp_path, monkeypatch) == 0
    assert capsys.readouterr().out == "House rules kept\n"


def test_a_broken_rule_fails_and_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "services/orgs/quill_orgs").mkdir(parents=True)
    (tmp_path / "services/orgs/quill_orgs/events.py").write_text("import quill_auth\n")
    assert run(tmp_path, monkeypatch) == 1
    assert "services/orgs/quill_orgs/events.py:1: import-direction" in capsys.readouterr().out
