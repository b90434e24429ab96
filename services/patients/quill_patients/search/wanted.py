"""What a list of patients is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """`everyone` lifts the restriction to the caller's own patients: only for callers that may see all."""

    everyone: bool = False
    include_inactive: bool = False
