"""Reading at the door: one patient, its versions, and searches. Rule A decides, as at `/api/patients`."""

from itertools import zip_longest
from typing import Annotated

from fastapi import Path, Request, Response
from quill_common.access.principal import Principal
from quill_common.audit.declared import Note
from quill_common.database.session import Reader
from quill_common.fhir.resource import StoredResource
from quill_common.http.callers import Caller, Read, require_administrative_access
from quill_common.http.errors import NotFound, PatientNotFound, Unavailable
from quill_common.http.paging import Page
from quill_common.http.shapes import MAX_BIGINT, FhirId
from quill_common.http.work import work_of

from quill_patients.fhir_api import bundles
from quill_patients.fhir_api.answers import bundle_answer, resource_answer
from quill_patients.fhir_api.asked import Asked, page_asked, search_asked
from quill_patients.fhir_api.links import base_of, link, patient_url
from quill_patients.fhir_api.outcomes import PatientDeleted
from quill_patients.patient import service
from quill_patients.patient.store import RESOURCE_TYPE, PatientStore, Store
from quill_patients.search.wanted import Wanted

Version = Annotated[str, Path(max_length=64, description="A version id")]


class VersionNotFound(NotFound):
    detail = "No such version"


async def read(caller: Caller, read: Read, store: Store, patient_id: FhirId) -> Response:
    """The present version of a patient."""
    version, content = await present(read, store, caller, patient_id)
    return resource_answer(content, version)


async def vread(caller: Caller, read: Read, store: Store, note: Note, patient_id: FhirId, version: Version) -> Response:
    """One version of a patient."""
    await require_administrative_access(read, caller, patient_id)
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 19 else 0
    note.add(version=number)
    stored = await store.read_version(read, RESOURCE_TYPE, patient_id, number) if number else None
    if stored is None:
        raise VersionNotFound
    if stored.deleted:
        raise PatientDeleted
    return resource_answer(stored.content, stored.version)


async def history(request: Request, caller: Caller, read: Read, store: Store, patient_id: FhirId) -> Response:
    """The versions of a patient, newest first, paged."""
    await require_administrative_access(read, caller, patient_id)
    asked = page_asked(request)
    before = asked.page.after(int)
    page = Page(max(asked.count, 1))
    stored = await store.history(
        read, RESOURCE_TYPE, patient_id, limit=page.fetch, before=before[0] if before else MAX_BIGINT
    )
    if not stored and before is None:
        raise PatientNotFound
    shown, cursor = page.cut(stored, lambda each: (each.version,))
    url = patient_url(request, patient_id)
    entries = [
        bundles.version_entry(url, each, older) for each, older in zip_longest(shown, stored[1 : len(shown) + 1])
    ]
    return bundle_answer(bundles.history(entries, links_of(f"{url}/_history", asked, cursor)))


async def search(request: Request, caller: Caller, read: Read, store: Store, note: Note) -> Response:
    """The patients that the caller may read and that are listed."""
    if not work_of(request).parts.consumer.complete:
        raise Unavailable  # an event could not be applied: nobody could believe an empty answer
    asked = await search_asked(request)
    wanted = Wanted(everyone=caller.is_admin, criteria=asked.criteria)
    rows = await store.search(read, caller, wanted, asked.page) if asked.count else []
    total = await store.count(read, caller, wanted) if asked.with_total else None
    shown, cursor = asked.page.cut(rows, lambda row: (row.family_key, row.given_key, row.id))
    note.about_all(row.id for row in shown)
    if asked.criteria:
        note.add(searched=asked.names)
    entries = [bundles.found(patient_url(request, row.id), row.content) for row in shown]
    links = links_of(f"{base_of(request)}/{RESOURCE_TYPE}", asked, cursor)
    return bundle_answer(bundles.searchset(entries, links, total))


async def present(reader: Reader, store: PatientStore, caller: Principal, patient_id: str) -> tuple[int, str]:
    """Version and text of a patient. Raises AccessDenied, and only then PatientNotFound or PatientDeleted."""
    try:
        return await service.read(reader, store, caller, patient_id)
    except PatientNotFound:
        await require_not_deleted(reader, store, patient_id)
        raise


async def require_not_deleted(reader: Reader, store: PatientStore, patient_id: str) -> None:
    """Raises PatientDeleted. Ask only after access was decided."""
    newest: list[StoredResource] = list(await store.history(reader, RESOURCE_TYPE, patient_id, limit=1))
    if newest and newest[0].deleted:
        raise PatientDeleted


def links_of(url: str, asked: Asked, cursor: str | None) -> list[dict[str, str]]:
    """`self` says what was understood; `next` is there where there is more."""
    links = [link("self", url, asked.understood)]
    return links if cursor is None else [*links, link("next", url, asked.at(cursor))]
