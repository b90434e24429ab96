"""What a competency and a base profession are."""

from dataclasses import dataclass, field
from typing import Literal

Risk = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Competency:
    """Something a person may do. `kept_days` is how long its audit entries are to be kept."""

    id: str
    category: str
    risk: Risk
    registration: tuple[str, ...]
    kept_days: int
    allows: str
    supervised: bool = False


@dataclass(frozen=True, slots=True)
class Profession:
    """A base profession; `listed` names its competencies, separated by white space."""

    id: str
    name: str
    registration: str | None
    listed: str
    competencies: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "competencies", frozenset(self.listed.split()))
