"""Print what every part and the tools need, one requirement a line, for `make lock`."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def requirements() -> set[str]:
    """The dependencies of all parts, without the parts themselves."""
    found: set[str] = set()
    for path in sorted(
        [
            *ROOT.glob("libs/*/pyproject.toml"),
            *ROOT.glob("services/*/pyproject.toml"),
            ROOT / "gateway/pyproject.toml",
        ]
    ):
        if path.exists():
            found.update(tomllib.loads(path.read_text())["project"].get("dependencies", []))
    for group in tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"].values():
        found.update(group)
    return {line for line in found if not line.startswith("quill-")}


if __name__ == "__main__":
    sys.stdout.write("\n".join(sorted(requirements())) + "\n")
