"""Files that everyone can read and run, wherever they are."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from quill_checks.findings import Finding, Rule, Source

MOST_LINES: Final = 400

ABSOLUTE_PATH: Final = "absolute-path"
_HARM: Final = "it works on one machine only"

# quill: allow absolute-path - the pattern itself
_HOME: Final = re.compile(r"(?<![\w.])(/home/[a-z]\w*|/Users/\w+|/root/\S|[A-Z]:\\\\Users)")
_REGISTRY: Final = re.compile(
    r"(?i)(?<![\w.])(py[p]i\.org|files\.python[h]osted\.org|registry\.np[m]js\.org|proxy\.go[l]ang\.org|--(?:extra-)?index-url)\b"
)


def faults_of_text(path: PurePosixPath, text: str) -> Iterator[Finding]:
    """Absolute machine paths and registry addresses in any file of the repository."""
    before = ""
    for number, line in enumerate(text.splitlines(), 1):
        if f"quill: allow {ABSOLUTE_PATH} - " in before + line:
            before = line
            continue
        for pattern, what in ((_HOME, "a path of one machine"), (_REGISTRY, "the address of a package registry")):
            if match := pattern.search(line):
                yield Finding(path, number, ABSOLUTE_PATH, f"{what}: {match[0]} ({_HARM})")
        before = line


def _file_length(source: Source) -> Iterator[tuple[ast.AST, str]]:
    lines = source.text.count("\n")
    if lines > MOST_LINES:
        yield source.tree, f"{lines} lines, more than {MOST_LINES}"


FILE_LENGTH: Final = Rule("file-length", "a file that long has two jobs", _file_length)
