"""`quill-checks`: read the repository and say what breaks a house rule."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from quill_checks.findings import Finding, Source
from quill_checks.rules import RULES
from quill_checks.rules.places import faults_of_text

_SKIPPED: Final = {".git", ".venv", "__pycache__", "node_modules", "dist"}
_TEXT: Final = {
    ".py",
    ".toml",
    ".md",
    ".yml",
    ".yaml",
    ".json",
    ".lock",
    ".in",
    ".txt",
    ".mako",
    ".sh",
    ".cfg",
    ".ini",
    "",
}


def main() -> None:
    """Exit code 1 when there is a finding. The first argument is the root of the repository (default: here)."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    findings = sorted(findings_in(root), key=lambda finding: (str(finding.path), finding.line))
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    if findings:
        sys.stdout.write(
            f"{len(findings)} house rules broken; `# quill: allow <rule> - <reason>` where code knows better\n"
        )
        sys.exit(1)
    sys.stdout.write("House rules kept\n")


def findings_in(root: Path) -> Iterator[Finding]:
    """Every finding under `root`."""
    for path in _files(root):
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # not a text
        relative = PurePosixPath(path.relative_to(root).as_posix())
        yield from faults_of_text(relative, text)
        if path.suffix == ".py":
            yield from findings_of(str(relative), text)


def findings_of(path: str, text: str) -> list[Finding]:
    """Findings of all rules in one Python text that stands at `path` in the repository."""
    source = Source.of(path, text)
    return [finding for rule in RULES for finding in rule.findings(source)]


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not _is_hidden_state(name))
        for name in sorted(names):
            if Path(name).suffix in _TEXT and name not in _SKIPPED:
                yield Path(folder) / name


def _is_hidden_state(name: str) -> bool:
    """Caches and data directories; `.ci` is ours."""
    return name.startswith(".") and name != ".ci"
