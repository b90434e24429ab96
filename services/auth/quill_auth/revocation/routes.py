"""`GET /internal/revocations`: the gateway asks which sessions it must refuse."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response
from quill_common.http.answers import json_answer
from quill_common.http.errors import Forbidden
from quill_common.http.internal import calling_service, internal_router
from quill_common.http.shapes import MAX_BIGINT
from quill_common.http.work import work_of

from quill_auth.parts import Auth
from quill_auth.revocation.service import MAX_WAIT_SECONDS, RevocationLog


async def _gateway_only(caller: Annotated[str, Depends(calling_service)]) -> None:
    if caller != "gateway":
        raise Forbidden


router = internal_router("/internal", admit=_gateway_only)


@router.get("/revocations")
async def revocations(
    request: Request,
    auth: Auth,
    after: Annotated[int | None, Query(ge=0, le=MAX_BIGINT)] = None,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 0.0,
) -> Response:
    """`{"cursor": string, "sessions": [{"sid": string, "until": epoch seconds}]}`; all that matter without `after`."""
    parts = work_of(request).parts
    log = RevocationLog(parts.database, parts.sequencer, auth.settings.access_seconds)
    found = await (log.all() if after is None else log.after(after, wait))
    body = {"cursor": str(found.cursor), "sessions": [{"sid": s.sid, "until": s.until} for s in found.sessions]}
    return json_answer(body)
