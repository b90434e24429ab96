"""`docs/security.md` names every requirement once, and nothing that is not there."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "security.md"

# Levels 1 and 2 of chapters V3, V6, V7 and V9, from the table of the release:
# OWASP_Application_Security_Verification_Standard_5.0.0_en.csv.
LEVELS: Final = {
    1: """
        3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2 3.5.3
        6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2
        7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2
        9.1.1 9.1.2 9.1.3 9.2.1
    """,
    2: """
        3.3.2 3.3.3 3.3.4 3.4.3 3.4.4 3.4.5 3.4.6 3.5.4 3.5.5 3.7.1 3.7.2
        6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5
        6.6.1 6.6.2 6.6.3 6.8.1 6.8.2 6.8.3 6.8.4
        7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1 7.6.2
        9.2.2 9.2.3 9.2.4
    """,
}
STATES: Final = {"met", "partly", "not met", "deployment", "frontend", "n/a"}
CHECK: Final = "(check)"
ROW: Final = re.compile(r"\| V(\d+\.\d+\.\d+) \|")
NIST_ROW: Final = re.compile(r"\| § \d")
PATH: Final = re.compile(r"`([\w.-]+/[\w./-]+?)(?:::(\w+))?`")
LINK: Final = re.compile(r"\]\(([^)\s]*)\)")


class Requirement(NamedTuple):
    number: str
    level: int
    state: str
    how: str
    test: str


def requirements() -> list[Requirement]:
    found = []
    for line in page().splitlines():
        if match := ROW.match(line):
            _, level, _, state, how, test = cells(line)
            found.append(Requirement(match[1], int(level), state.removesuffix(CHECK).strip(), how, test))
    return found


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@cache
def page() -> str:
    return PAGE.read_text("utf-8")


@cache
def names_in(path: Path) -> frozenset[str]:
    """The functions that a Python file defines."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_requirement_has_exactly_one_row_with_its_level() -> None:
    expected = sorted((number, level) for level, numbers in LEVELS.items() for number in numbers.split())
    assert sorted((row.number, row.level) for row in requirements()) == expected


def test_every_row_has_a_state_that_the_page_explains() -> None:
    assert {row.number: row.state for row in requirements() if row.state not in STATES} == {}
    nist = [cells(line) for line in page().splitlines() if NIST_ROW.match(line)]
    assert nist
    assert [row[0] for row in nist if row[3].removesuffix(CHECK).strip() not in STATES] == []


def test_what_is_met_is_met_by_something_and_shown_by_a_test_or_a_reason() -> None:
    for row in requirements():
        assert row.how, row.number
        assert row.test.startswith("none: ") or PATH.search(row.test), row.number
        for path, _ in PATH.findall(row.test):
            assert Path(path).name.startswith("test_"), (row.number, path)


def test_every_named_file_and_function_exists() -> None:
    # Paths of the standards' own repositories stand in brackets in the section on sources.
    ours, _, _ = page().partition("## Sources")
    named = [(path, name) for path, name in PATH.findall(ours) if is_a_path(path)]
    assert named
    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    assert [(path, name) for path, name in named if name and name not in names_in(ROOT / path)] == []


def is_a_path(text: str) -> bool:
    """Whether it is meant as one: it begins with a folder of ours, or ends as a file or folder does."""
    first = text.split("/", 1)[0]
    return (ROOT / first).is_dir() or text.endswith((".py", ".md", ".txt", ".yaml", "/"))


@pytest.mark.parametrize("target", sorted(set(LINK.findall(PAGE.read_text("utf-8")))))
def test_every_link_leads_somewhere(target: str) -> None:
    path, _, anchor = target.partition("#")
    if path:
        assert (PAGE.parent / path).exists()
    else:
        assert anchor in {anchor_of(line) for line in page().splitlines() if line.startswith("#")}


def anchor_of(heading: str) -> str:
    """As GitHub makes it: lower case, without punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\s-]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def test_nothing_is_left_to_be_checked() -> None:
    assert [number for number, line in enumerate(page().splitlines(), 1) if CHECK in line] == []
