"""What is recorded: one act, or one refusal."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

import orjson

Outcome = Literal["success", "refused", "failed"]

MAX_TEXT: Final = 500  # ids and targets come from paths; a btree entry holds at most 2,704 bytes


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts, and from where; all None when nobody is known."""

    actor_id: int | None = None
    actor_service: str | None = None
    session_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whom, and whether it was let pass.

    `action` is `"patient.read"`, `target` is `"conversation/5"`; `patient_ids` are all whom a list showed;
    `subject_user_id` is the account that was acted upon. `details` holds small facts (levels, statuses), never
    clinical text, names or mail addresses.
    """

    action: str
    outcome: Outcome = "success"
    actor_id: int | None = None
    actor_service: str | None = None
    session_id: str | None = None
    patient_id: str | None = None
    patient_ids: Sequence[str] | None = None
    subject_user_id: int | None = None
    target: str | None = None
    request_id: str | None = None
    address: str | None = None
    details: dict[str, Any] | None = None

    def by(self, who: Who) -> "AuditEntry":
        """The same, done by `who` where the entry names nobody, and from there where it names no address."""
        address = self.address or who.address
        if self.actor_id is not None or self.actor_service is not None:
            return replace(self, address=address)
        return replace(
            self,
            actor_id=who.actor_id,
            actor_service=who.actor_service,
            session_id=self.session_id or who.session_id,
            address=address,
        )

    def as_row(self) -> dict[str, Any]:
        """The fields as PostgreSQL can hold them."""
        return {name: _storable(getattr(self, name)) for name in FACTS}


FACTS: Final = tuple(field.name for field in fields(AuditEntry))


def entries_json(entries: Sequence[AuditEntry]) -> str:
    """For `json_to_recordset`."""
    return orjson.dumps([entry.as_row() for entry in entries]).decode()


def _storable(value: Any) -> Any:
    """Text without what PostgreSQL refuses, and not so long that an index does: one entry must not stop the others."""
    if isinstance(value, str):
        return value[:MAX_TEXT].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {str(_storable(str(key))): _storable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_storable(inner) for inner in value]
    return value
