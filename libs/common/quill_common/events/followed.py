"""What one process knows of one source that it follows."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from quill_common.events.envelope import Envelope


@dataclass
class Followed:
    """How far this process has seen one source. What the database says is more; this is never more than it."""

    position: int = 0
    head: int = 0
    oldest: datetime | None = None  # when the oldest event was published that was heard of and is not applied
    current: bool = False  # whether it has been level with its source since this process started
    away: bool = False  # whether the source could not be asked the last time
    ahead: bool = False  # whether it has applied more than its source has, as after a restore of the source
    parked: int = 0  # how many events of this source could not be applied
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def heard(self, head: int, events: Sequence[Envelope]) -> None:
        """The source is at `head`, and these are its events after some position."""
        self.head, self.away = head, False
        self.oldest = next((event.time for event in events if event.position > self.position), None)

    @property
    def state(self) -> str:
        """`ok`, `catching up` since the start of the process, `source away`, or `ahead of source`."""
        if self.ahead:
            return "ahead of source"
        if not self.current:
            return "catching up"
        return "source away" if self.away else "ok"

    @property
    def behind(self) -> int:
        """How many events are published and not applied."""
        return max(0, self.head - self.position)

    @property
    def lag_seconds(self) -> float:
        """The age of the oldest event that is not applied; 0 when level."""
        if not self.behind or self.oldest is None:
            return 0.0
        return max(0.0, (datetime.now(UTC) - self.oldest).total_seconds())

    def as_dict(self) -> dict[str, Any]:
        """For health and operators."""
        return {
            "state": self.state,
            "position": self.position,
            "head": self.head,
            "behind": self.behind,
            "lag_seconds": round(self.lag_seconds, 3),
            "parked": self.parked,
        }
