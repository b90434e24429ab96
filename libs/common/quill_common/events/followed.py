"""What one process knows of one source that it follows."""

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Followed:
    """How far this process has seen one source. What the database says is more; this is never more than it."""

    position: int = 0
    head: int = 0
    current: bool = False  # whether it has been level with its source since this process started, or slept
    ahead: bool = False  # whether it has applied more than its source has, as after a restore of the source
    parked: bool = False  # whether events of this source could not be applied
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def state(self) -> str:
        """`ok`, `catching up` since the start or a nap of the process, or `ahead of source`."""
        if self.ahead:
            return "ahead of source"
        return "ok" if self.current else "catching up"

    def as_dict(self) -> dict[str, Any]:
        """For health and operators."""
        return {
            "state": self.state,
            "position": self.position,
            "head": self.head,
            "behind": max(0, self.head - self.position),
            "parked": self.parked,
        }
