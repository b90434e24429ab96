"""Writing at the door: level staff with rule A, deletion by admins; one service with `/api/patients`."""

from typing import Annotated

from fastapi import Header, Request, Response
from quill_common.access.principal import Principal
from quill_common.audit.declared import Note
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.callers import Caller, OncePerKey, Write, require_admin, require_administrative_access
from quill_common.http.errors import PatientNotFound, PreconditionFailed
from quill_common.http.if_match import IfMatch, IfNoneMatch
from quill_common.http.paging import Page
from quill_common.http.shapes import FhirId

from quill_patients.fhir_api import service
from quill_patients.fhir_api.answers import found_answer, written_answer
from quill_patients.fhir_api.asked import condition_of, require_no_condition
from quill_patients.fhir_api.bodies import patch_of, patient_of
from quill_patients.fhir_api.reading import require_not_deleted
from quill_patients.patient import deletion
from quill_patients.patient.store import ListedPatient, PatientStore, Store
from quill_patients.search.wanted import Criterion, Wanted

IfNoneExist = Annotated[str | None, Header(max_length=4000, description="Search parameters: create only if none match")]


class SeveralMatch(PreconditionFailed):
    detail = "Several patients match If-None-Exist"


async def create(
    request: Request,
    caller: Caller,
    write: Write,
    store: Store,
    once: OncePerKey,
    note: Note,
    if_none_exist: IfNoneExist = None,
) -> Response:
    """Store a new patient under an id of the server's, or find the one that matches `If-None-Exist`."""
    require_no_condition(request)
    given = await patient_of(request)
    criteria = None if if_none_exist is None else condition_of(request.headers.getlist("if-none-exist"))
    await once.begin(makes=note.about)
    match = None if criteria is None else await _match(write, store, caller, criteria)
    if match is not None:
        once.forget()
        note.about(match.id)
        note.as_action("patient.read")  # it was shown, and nothing was created
        return found_answer(request, match.id, match.content)
    stored = await service.create(write, store, caller, given, once.id_to_give)
    note.about(stored.id)
    return written_answer(request, stored, created=True)


async def update(
    request: Request,
    caller: Caller,
    write: Write,
    store: Store,
    patient_id: FhirId,
    if_match: IfMatch,
    if_none_match: IfNoneMatch,
) -> Response:
    """Replace a patient; the one who has access to an id that is free creates under it."""
    await require_administrative_access(write, caller, patient_id)
    given = await patient_of(request)
    conditions = service.Conditions(if_match, if_none_match)
    stored, created = await service.replace(write, store, caller, patient_id, given, conditions)
    return written_answer(request, stored, created=created)


async def patch(
    request: Request, caller: Caller, write: Write, store: Store, patient_id: FhirId, if_match: IfMatch
) -> Response:
    """Change a patient by a JSON Patch."""
    await require_administrative_access(write, caller, patient_id)
    document = await patch_of(request)
    try:
        stored = await service.patch(write, store, patient_id, document, if_match)
    except PatientNotFound:
        await require_not_deleted(write, store, patient_id)
        raise
    return written_answer(request, stored, created=False)


async def delete(caller: Caller, write: Write, store: Store, patient_id: FhirId, if_match: IfMatch) -> Response:
    """Delete a patient (admins). The versions stay; again is the same answer."""
    require_admin(caller)
    await deletion.delete(write, store, patient_id, if_match)
    return Response(status_code=204)


async def _match(
    write: UnitOfWork, store: PatientStore, caller: Principal, criteria: tuple[Criterion, ...]
) -> ListedPatient | None:
    """The one patient among those whom the caller may read, listed or not. Raises SeveralMatch."""
    wanted = Wanted(everyone=caller.is_admin, include_inactive=True, criteria=criteria)
    matching = await store.search(write, caller, wanted, Page(1))
    if len(matching) > 1:
        raise SeveralMatch
    return matching[0] if matching else None
