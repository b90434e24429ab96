"""What a base profession is."""

from dataclasses import dataclass, field


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
