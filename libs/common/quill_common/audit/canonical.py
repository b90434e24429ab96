"""The canonical form of an entry, said a second time: `audit_canonical` of `shared_0002_audit` is the first.

Two independent writings, so that a fault in one does not verify itself. Netstrings: `4:text,` for a value, `-,` for
none; a list is the netstring of its members' netstrings. Times are microseconds since the epoch.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

START: Final = b""
"""What stands for the hash before the first."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER_TIME: Final = (
    "actor_id",
    "actor_service",
    "session_id",
    "action",
    "outcome",
    "patient_id",
    "patient_ids",
    "subject_user_id",
    "target",
    "request_id",
    "address",
    "details",
)


class Row(Protocol):
    """Columns by name."""

    def __getitem__(self, name: str, /) -> Any: ...


def chained(previous: bytes, row: Row) -> bytes:
    """The hash of `row` after one with the hash `previous`."""
    return hashlib.sha256(previous + canonical(row)).digest()


def canonical(row: Row) -> bytes:
    """`row` has the columns of `audit_entry` as asyncpg gives them; `details` is the text of the JSON."""
    micros = (row["recorded_at"] - _EPOCH) // timedelta(microseconds=1)
    return _joined((row["position"], row["id"], micros, *(row[name] for name in _AFTER_TIME)))


def _joined(values: Iterable[Any]) -> bytes:
    return b"".join(_netstring(value) for value in values)


def _netstring(value: Any) -> bytes:
    if value is None:
        return b"-,"
    text = _joined(value) if isinstance(value, list) else str(value).encode()
    return b"%d:%s," % (len(text), text)
