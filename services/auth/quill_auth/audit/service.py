"""Who may read the trail, and how much of it each may see."""

from collections.abc import Sequence
from typing import Any, Final

from quill_common.access.levels import at_least
from quill_common.access.principal import Principal
from quill_common.audit.repository import Sought
from quill_common.database.session import Reader
from quill_common.http.callers import AccessDenied
from quill_common.http.errors import Forbidden
from quill_common.http.paging import InvalidCursor, Page
from quill_common.service import Parts
from quill_common.topology import SERVICES, Service

from quill_auth.audit.repository import names_of
from quill_auth.audit.sources import Place, newest

# Nobody else's id, no session and no address: a page about one patient tells who, when and what.
_ABOUT_A_PATIENT: Final = (
    "service",
    "id",
    "recorded_at",
    "actor_id",
    "actor_name",
    "actor_service",
    "action",
    "outcome",
    "target",
)


def require_superadmin(caller: Principal) -> None:
    if not at_least(caller.level, "superadmin"):
        raise Forbidden("Requires superadmin permissions")


def require_own_record(caller: Principal, patient_id: str) -> None:
    """The person whose record it is, or a superadmin."""
    if not at_least(caller.level, "superadmin") and caller.patient_id != patient_id:
        raise AccessDenied


async def page_of(
    parts: Parts, reader: Reader, sought: Sought, page: Page, services: Sequence[Service] = SERVICES
) -> dict[str, Any]:
    """`{"entries": [...], "next_cursor": ...}` with the names of those who acted. Raises Unavailable, InvalidCursor."""
    found = await newest(parts, reader, sought, services, _place(page))
    shown, cursor = page.cut(found, lambda entry: _key(Place.of(entry)))
    names = await names_of(reader, {entry["actor_id"] for entry in shown if entry["actor_id"] is not None})
    entries = [{**entry, "actor_name": names.get(entry["actor_id"])} for entry in shown]
    for entry in entries:
        del entry["recorded_micros"]
    return {"entries": entries, "next_cursor": cursor}


def without_others(found: dict[str, Any]) -> dict[str, Any]:
    """The same page with what concerns the patient alone."""
    return {**found, "entries": [{name: entry[name] for name in _ABOUT_A_PATIENT} for entry in found["entries"]]}


def _place(page: Page) -> Place | None:
    key = page.after(int, int, int)
    if key is None:
        return None
    place = Place(*key)
    if not (0 <= place.rank < len(SERVICES) and 0 <= place.micros < 10**17 and place.id >= 0):
        raise InvalidCursor
    return place


def _key(place: Place) -> tuple[int, int, int]:
    return place.micros, place.rank, place.id
