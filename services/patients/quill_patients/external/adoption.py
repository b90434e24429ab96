"""Bring patients in that the server has and Quill does not know, and notice those that vanished from it.

The resource and the event that tells of it are in two systems. Where a crash came between them, the server has a
patient that no service knows; and a site's server has patients from before Quill. Both are found by walking the server.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from prometheus_client import Counter, Gauge
from quill_common.audit.entry import AuditEntry, Who
from quill_common.events.catalogue.patients import PatientCreated
from quill_common.fhir.http_store import PAGE, lock_of
from quill_common.fhir.store import StoreFailing
from quill_common.log import get_logger
from quill_common.service import Parts
from sqlalchemy.exc import SQLAlchemyError

from quill_patients.external import repository
from quill_patients.external.opening import external_patients
from quill_patients.external.store import ExternalPatients
from quill_patients.patient.store import RESOURCE_TYPE

AGAIN_SECONDS: Final = 5.0
IDS_AT_ONCE: Final = 1000

_ADOPTED: Final = Counter("quill_patients_adopted", "Patients of the FHIR server that Quill did not know")
_VANISHED: Final = Gauge("quill_patients_vanished", "Patients that Quill knows and the FHIR server has no more")


async def adopt_patients(parts: Parts) -> None:
    """Walk the server at once and then now and again, until cancelled."""
    store = external_patients(parts)
    while True:
        pause: float = parts.settings.fhir_server_adopt_seconds
        try:
            await walk(parts, store)
        except (StoreFailing, SQLAlchemyError, OSError, TimeoutError) as problem:
            get_logger().warning("adoption waits", error=type(problem).__name__)
            pause = min(pause, AGAIN_SECONDS)
        await asyncio.sleep(pause)


async def walk(parts: Parts, store: ExternalPatients) -> tuple[int, int]:
    """How many patients were adopted, and how many that were known before are not there."""
    missing = {patient_id async for some in _known(parts) for patient_id in some}
    adopted = 0
    async for page in store.search_pages(RESOURCE_TYPE, _count=str(PAGE)):
        ids = [entry.stored.id for entry in page]
        missing.difference_update(ids)
        adopted += await _adopt(parts, ids)
    async for some in store.of_ids(RESOURCE_TYPE, sorted(missing)):  # pages move while they are read: ask once more
        missing.difference_update(entry.stored.id for entry in some)
    vanished = len(missing)
    _VANISHED.set(vanished)
    if adopted or vanished:
        get_logger().warning("the FHIR server was walked", adopted=adopted, vanished=vanished)
    return adopted, vanished


async def _known(parts: Parts) -> AsyncIterator[Sequence[str]]:
    """All known ids, some at a time, each with a connection that others may have in between."""
    after: str | None = None
    while True:
        async with parts.database.reader() as reader:
            ids = await repository.ids_after(reader, after, IDS_AT_ONCE)
        if not ids:
            return
        yield ids
        after = ids[-1]


async def _adopt(parts: Parts, ids: Sequence[str]) -> int:
    """Publish those of the ids that nobody knows, into no organisation; one that is being created now is left to it."""
    async with parts.database.reader() as reader:
        unknown = set(ids) - await repository.known(reader, ids)
    if not unknown:
        return 0
    async with parts.units.open(who=lambda: Who(actor_service="patients")) as work:
        free = [one for one in sorted(unknown) if await repository.hold_if_free(work, lock_of(RESOURCE_TYPE, one))]
        adopted = sorted(set(free) - await repository.known(work, free))
        for patient_id in adopted:
            await work.publish(PatientCreated(id=patient_id, organisation_id=None))
        if adopted:
            await work.record(AuditEntry("patient.adopt", patient_ids=adopted))
    _ADOPTED.inc(len(adopted))
    return len(adopted)
