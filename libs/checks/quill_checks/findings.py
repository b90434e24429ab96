"""What a rule is, what it finds, and how code says that it knows better."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

_ALLOW: Final = re.compile(r"#\s*quill:\s*allow\s+([a-z-]+)\s+-\s+\S")


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root of the repository, its text and its tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        return cls(PurePosixPath(path), text, ast.parse(text, path))

    @property
    def is_test(self) -> bool:
        return "tests" in self.path.parts or "testing" in self.path.parts

    def is_under(self, folder: str) -> bool:
        return self.path.is_relative_to(folder)


@dataclass(frozen=True)
class Finding:
    """A line that breaks a rule."""

    path: PurePosixPath
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


Check = Callable[[Source], Iterator[tuple[ast.AST, str]]]


@dataclass(frozen=True)
class Rule:
    """`harm` says in one line what goes wrong without the rule."""

    name: str
    harm: str
    check: Check

    def findings(self, source: Source) -> Iterator[Finding]:
        """What breaks the rule and is not allowed by a comment on its line or the one above."""
        lines = source.text.splitlines()
        for node, message in self.check(source):
            line = getattr(node, "lineno", 1)
            if self.name not in _allowed(lines, line):
                yield Finding(source.path, line, self.name, f"{message} ({self.harm})")


def _allowed(lines: list[str], line: int) -> set[str]:
    near = lines[max(0, line - 2) : line]
    return {match[1] for text in near for match in _ALLOW.finditer(text)}
