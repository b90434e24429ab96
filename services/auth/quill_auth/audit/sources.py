"""The trails of all services: auth's own from its tables, the others' by asking them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
import orjson
from quill_common.audit.repository import Sought, find
from quill_common.audit.routes import shown
from quill_common.database.session import Reader
from quill_common.http.errors import Unavailable
from quill_common.http.shapes import MAX_BIGINT
from quill_common.log import get_logger
from quill_common.service import Parts
from quill_common.topology import SERVICES, Service

_TIMES: Final = aiohttp.ClientTimeout(total=10, connect=2)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends. Entries of all services are ordered by time, then service, then id: newest first."""

    micros: int
    rank: int
    id: int

    @classmethod
    def of(cls, entry: dict[str, Any]) -> "Place":
        return cls(entry["recorded_micros"], SERVICES.index(entry["service"]), entry["id"])

    def for_service(self, rank: int) -> tuple[int, int]:
        """Below which time and id the entries of one service come after this place."""
        if rank == self.rank:
            return self.micros, self.id
        return self.micros, MAX_BIGINT if rank < self.rank else 0


async def newest(
    parts: Parts, reader: Reader, sought: Sought, services: Sequence[Service], after: Place | None
) -> list[dict[str, Any]]:
    """The newest `sought.limit` entries of `services` that come after a place, merged, newest first.

    Raises Unavailable when one of them cannot be asked: a trail with holes must not look whole.
    """
    asked = [(service, _from(sought, service, after)) for service in services]
    others = [_remote(parts, service, each) for service, each in asked if service != parts.name]
    own = [_own(reader, parts.name, each) for service, each in asked if service == parts.name]
    found = await asyncio.gather(*own, *others)
    merged = sorted((entry for entries in found for entry in entries), key=_order, reverse=True)
    return merged[: sought.limit]


def _order(entry: dict[str, Any]) -> tuple[int, int, int]:
    place = Place.of(entry)
    return place.micros, place.rank, place.id


def _from(sought: Sought, service: Service, after: Place | None) -> Sought:
    if after is None:
        return sought
    micros, below = after.for_service(SERVICES.index(service))
    return replace(sought, before=(_EPOCH + timedelta(microseconds=micros), below))


async def _own(reader: Reader, name: Service, sought: Sought) -> list[dict[str, Any]]:
    rows = [shown(row) for row in await find(reader, sought)]
    # Through JSON, so that times and ids look as those of the others do.
    return [{"service": name, **row} for row in orjson.loads(orjson.dumps(rows, option=orjson.OPT_UTC_Z))]


async def _remote(parts: Parts, service: Service, sought: Sought) -> list[dict[str, Any]]:
    url = f"{parts.settings.peer_url(service)}/internal/audit"
    headers = parts.calls.headers(service)
    try:
        async with parts.http.get(url, params=_query(sought), headers=headers, timeout=_TIMES) as response:
            if response.status != 200:
                raise aiohttp.ClientError(f"status {response.status}")
            entries = orjson.loads(await response.read())["entries"]
            return [{"service": service, **entry} for entry in entries]
    except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError, KeyError, TypeError) as problem:
        get_logger().warning("trail cannot be asked", service=service, error=type(problem).__name__)
        raise Unavailable from problem


def _query(sought: Sought) -> dict[str, str]:
    values: dict[str, Any] = {
        "patient_id": sought.patient_id,
        "user_id": sought.user_id,
        "subject_user_id": sought.subject_user_id,
        "action": sought.action,
        "outcome": sought.outcome,
        "since": sought.since.isoformat() if sought.since else None,
        "until": sought.until.isoformat() if sought.until else None,
        "limit": sought.limit,
    }
    if sought.before is not None:
        values["before"] = (sought.before[0] - _EPOCH) // timedelta(microseconds=1)
        values["before_id"] = sought.before[1]
    return {name: str(value) for name, value in values.items() if value is not None}
