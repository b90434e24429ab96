"""`<data dir>/run.json`: which processes run, for tools beside us."""

import json
import os
from pathlib import Path
from typing import TypedDict


class Running(TypedDict):
    """One process: its number and where it listens."""

    pid: int
    url: str


def write(folder: Path, processes: dict[str, Running]) -> None:
    """Put the file in place in one step: a reader never sees half of it."""
    temporary = folder / ".run.json.new"
    temporary.write_text(json.dumps(processes, indent=2) + "\n")
    os.replace(temporary, folder / "run.json")


def read(folder: Path) -> dict[str, Running]:
    """What runs; empty when nothing does."""
    try:
        processes: dict[str, Running] = json.loads((folder / "run.json").read_text())
    except FileNotFoundError:
        return {}
    return processes


def remove(folder: Path) -> None:
    (folder / "run.json").unlink(missing_ok=True)
