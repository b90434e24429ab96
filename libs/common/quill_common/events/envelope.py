"""Events: typed facts with a version in their name, carried in CloudEvents 1.0 (structured JSON)."""

from abc import abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from quill_common.topology import Service


class Event(BaseModel):
    """A fact that one service publishes. Carries ids and facts that others need, never clinical text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: ClassVar[Service]
    type: ClassVar[str]
    # True when others decide access by it: the write that publishes it waits for its dependants.
    awaited: ClassVar[bool] = False

    @abstractmethod
    def subject(self) -> str:
        """The id of what the event is about, for example `user/42`."""


class Envelope(BaseModel):
    """A CloudEvents 1.0 envelope. `position` is Quill's extension: gapless per source, from 1."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    position: int
    requestid: str | None = None
    data: dict[str, Any]
