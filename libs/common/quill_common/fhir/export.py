"""The resources of a store for `quill export-fhir`, page by page as NDJSON; the gateway never routes here."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response

from quill_common.audit.declared import Audited, Note
from quill_common.fhir.store import ResourceStore
from quill_common.http.callers import Read
from quill_common.http.internal import internal_router
from quill_common.http.shapes import FHIR_ID

MAX_PAGE: Final = 1000
NEXT: Final = "X-Quill-Next"
NDJSON: Final = "application/fhir+ndjson"

PatientOf = Callable[[Any], str | None]


def export_router(
    resource_type: str, action: str, store_of: Callable[[Request], ResourceStore], patient_of: PatientOf
) -> APIRouter:
    """`GET /internal/export/{resource_type}?after=ID&limit=N`: one resource a line, in the order of their ids.

    The header `X-Quill-Next` is the `after` of the next page, absent at the end. `patient_of` tells whom a resource is
    about, for the record.
    """
    router = internal_router("/internal/export")

    @router.get(f"/{resource_type}", dependencies=[Audited(action)])
    async def export(
        request: Request,
        read: Read,
        note: Note,
        after: Annotated[str | None, Query(pattern=FHIR_ID)] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
    ) -> Response:
        page = await store_of(request).page(read, resource_type, after, limit)
        about = {patient_of(orjson.loads(stored.content)) for stored in page}
        note.about_all(sorted(patient for patient in about if patient is not None))
        note.add(exported=len(page))
        headers = {NEXT: page[-1].id} if len(page) == limit else {}
        return Response("".join(f"{stored.content}\n" for stored in page), headers=headers, media_type=NDJSON)

    return router
