"""What letters publishes."""

from typing import ClassVar

from quill_common.events.envelope import Event
from quill_common.topology import Service


class LetterWritten(Event):
    """A letter was stored."""

    source: ClassVar[Service] = "letters"
    type: ClassVar[str] = "quill.letters.letter.written.v1"

    composition_uid: str
    patient_id: str
    author_id: int

    def subject(self) -> str:
        return f"patient/{self.patient_id}/letter/{self.composition_uid}"
