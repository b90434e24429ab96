"""What letters publishes."""

from typing import ClassVar

from quill_common.events.envelope import Event
from quill_common.topology import Service


class LetterWritten(Event):
    """A letter was stored. `author_id` is the account that wrote it, None for a letter from another system."""

    source: ClassVar[Service] = "letters"
    type: ClassVar[str] = "quill.letters.letter.written.v1"

    composition_uid: str
    patient_id: str
    author_id: int | None

    def subject(self) -> str:
        return f"patient/{self.patient_id}/letter/{self.composition_uid}"
