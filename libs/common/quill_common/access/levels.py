"""The ladder of permission levels (contract 2.1)."""

from typing import Final

LADDER: Final = ("patient", "staff", "admin", "superadmin")
BESIDE_THE_LADDER: Final = ("external_hcp", "patient_advocate")
LEVELS: Final = (*LADDER, *BESIDE_THE_LADDER)

_RANK: Final = {level: rank for rank, level in enumerate(LADDER)} | dict.fromkeys(BESIDE_THE_LADDER, 0)


def rank(level: str) -> int:
    """The height of a level; those beside the ladder count as `patient`, an unknown one as less than all."""
    return _RANK.get(level, -1)


def at_least(level: str, wanted: str) -> bool:
    """Whether `level` may do what `wanted` may. A value outside the six passes no check, on either side."""
    return 0 <= rank(wanted) <= rank(level)
