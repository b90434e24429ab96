"""What became of everything that was to be imported."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

OUTCOMES: Final = ("created", "unchanged", "refused")
KINDS: Final = ("patients", "notes")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`index` is that of the bundle's entry, None when the whole file was refused."""

    file: Path
    index: int | None
    what: str
    reason: str

    def __str__(self) -> str:
        place = str(self.file) if self.index is None else f"{self.file} entry {self.index}"
        text = f"{place}: {self.what}: {self.reason}"
        return text.encode(errors="backslashreplace").decode()  # file names and ids may hold what no terminal takes


@dataclass
class Report:
    """Counts by kind and outcome. Each refusal is told at once: there may be more of them than memory."""

    console: Console
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        """How much was refused, of every kind."""
        return sum(count for (_, outcome), count in self.counts.items() if outcome == "refused")

    @property
    def so_far(self) -> str:
        """One line for those who wait."""
        counts = (sum(self.counts[kind, outcome] for outcome in OUTCOMES) for kind in KINDS)
        return ", ".join(f"{count:,} {kind}" for count, kind in zip(counts, KINDS, strict=True))

    def count(self, kind: str, outcome: str) -> None:
        self.counts[kind, outcome] += 1

    def refuse(self, kind: str, refusal: Refusal) -> None:
        self.count(kind, "refused")
        self.console.print(f"refused: {refusal}", style="red", markup=False)

    def show(self) -> None:
        """Print the summary."""
        console = self.console
        table = Table("", *OUTCOMES)
        for kind in KINDS:
            table.add_row(kind, *(str(self.counts[kind, outcome]) for outcome in OUTCOMES))
        console.print(table)
        for kind, text in (("files", "could not be read"), ("entries", "are no resources")):
            if self.counts[kind, "refused"]:
                console.print(f"{self.counts[kind, 'refused']} {kind} {text}")
