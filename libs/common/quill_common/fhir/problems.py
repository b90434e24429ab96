"""What is wrong with a resource, by element."""

from dataclasses import dataclass
from typing import Final

MAX_PROBLEMS: Final = 20

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and with which element: `("name", 0, "family")`. Never quotes the content."""

    place: Place
    message: str

    @property
    def path(self) -> str:
        """The element as FHIRPath names it inside the resource: `name[0].family`; empty for the resource itself."""
        path = ""
        for part in self.place:
            path += f"[{part}]" if isinstance(part, int) else f".{part}"
        return path.removeprefix(".")

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.place else self.message


class InvalidResource(Exception):
    """A resource that is not valid; `problems` names the elements, at least one and up to 20."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems[:MAX_PROBLEMS]
        super().__init__("; ".join(str(problem) for problem in self.problems))


def refuse(problems: list[Problem]) -> None:
    """Raise InvalidResource if there are any."""
    if problems:
        raise InvalidResource(problems)
