"""`/internal/patients/{patient_id}/communications`, for the patients service, which asks for somebody."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from quill_common.access.principal import Principal, principal_of
from quill_common.audit.declared import Audited, Note
from quill_common.database.session import Reader
from quill_common.fhir.store import ResourceStore
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read
from quill_common.http.errors import Forbidden, StoreUnavailable, Unavailable
from quill_common.http.internal import calling_service, internal_router
from quill_common.http.paging import Paging
from quill_common.http.shapes import MAX_BIGINT, FhirId
from quill_common.http.work import work_of

from quill_messaging.message.store import Store
from quill_messaging.record import repository


async def _patients_only(caller: Annotated[str, Depends(calling_service)]) -> None:
    if caller != "patients":
        raise Forbidden


async def _asking_for(
    request: Request, user_id: Annotated[int, Query(ge=1, le=MAX_BIGINT)], session_id: UUID
) -> Principal:
    """The account for which is asked, as it stands here. 403 when it is unknown or inactive."""
    work = work_of(request)
    if not work.parts.consumer.current:
        raise Unavailable
    work.principal = await principal_of(await work.reader(), user_id, str(session_id))
    if work.principal is None:
        raise Forbidden
    return work.principal


router = internal_router("/internal/patients/{patient_id}", admit=_patients_only)


@router.get("/communications", dependencies=[Audited("communication.list")])
async def communications(
    patient_id: FhirId,
    principal: Annotated[Principal, Depends(_asking_for)],
    read: Read,
    store: Store,
    page: Paging,
    note: Note,
) -> Response:
    """A page of the Communications that the account may read, oldest first.

    `{"communications": [{"id": str, "content": str}], "next_cursor": str or null}`; `content` is JSON as it is stored.
    """
    rows, next_cursor = await repository.readable_messages(read, principal, patient_id, page)
    note.add(shown=len(rows))
    return json_answer(
        {
            "communications": await _stored(read, store, [row.fhir_communication_id for row in rows]),
            "next_cursor": next_cursor,
        }
    )


async def _stored(reader: Reader, store: ResourceStore, communication_ids: Sequence[str]) -> list[dict[str, Any]]:
    """In the order of the ids. Raises StoreUnavailable where one is missing: a record with holes is not shown."""
    found = await store.read_all(reader, "Communication", communication_ids)
    if any(each not in found for each in communication_ids):
        raise StoreUnavailable
    return [{"id": each, "content": found[each].content} for each in communication_ids]
