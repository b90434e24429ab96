"""What services and operators ask of each other.

Answers nothing without a service token; the gateway never routes here.
"""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from quill_common.events.envelope import Envelope
from quill_common.events.feed import MAX_PAGE, MAX_WAIT_SECONDS, FeedUnavailable
from quill_common.events.inbox import parked
from quill_common.events.parked import retry_parked
from quill_common.http.callers import Read
from quill_common.http.errors import Forbidden, Unauthenticated, Unavailable
from quill_common.http.shapes import MAX_BIGINT
from quill_common.http.work import WorkRoute, work_of
from quill_common.identity.errors import InvalidToken
from quill_common.topology import Service


async def calling_service(request: Request) -> str:
    """The name in a good service token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        raise Unauthenticated
    try:
        return work_of(request).parts.service_tokens.verify(token)
    except InvalidToken as problem:
        raise Unauthenticated("Invalid token") from problem


async def operator_only(caller: Annotated[str, Depends(calling_service)]) -> None:
    if caller != "operator":
        raise Forbidden


router = APIRouter(
    prefix="/internal",
    include_in_schema=False,
    route_class=WorkRoute,
    dependencies=[Depends(calling_service)],
)


class CatchUp(BaseModel):
    """A source's wish that we be at `position`; the last events come along."""

    source: Service
    position: int = Field(ge=0, le=MAX_BIGINT)
    events: list[Envelope] = []


@router.get("/events")
async def feed(
    request: Request,
    after: Annotated[int, Query(ge=0, le=MAX_BIGINT)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 0.0,
) -> Response:
    """The events after a position, in order: `{"head": int, "events": [CloudEvents]}`."""
    head, events = await work_of(request).parts.feed.page(after, limit, wait)
    return _json(b'{"head":%d,"events":[%s]}' % (head, b",".join(events)))


@router.post("/catch-up")
async def catch_up(request: Request, body: CatchUp, caller: Annotated[str, Depends(calling_service)]) -> Response:
    """Be level with the caller, and what we published because of it in force with others, before answering."""
    parts = work_of(request).parts
    if caller != body.source or body.source not in parts.consumer.followed:
        raise Forbidden
    try:
        position = await parts.consumer.catch_up(body.source, body.position, body.events)
    except FeedUnavailable as problem:
        raise Unavailable from problem
    if parts.projection.reacts and await parts.dependants.confirm_derived(body.source):
        raise Unavailable
    return _json(b'{"position":%d}' % position)


@router.get("/projections", dependencies=[Depends(operator_only)])
async def projections(request: Request) -> Response:
    """How far each source is applied."""
    return _json(orjson.dumps(_sources(request)))


@router.post("/projections/rebuild", dependencies=[Depends(operator_only)])
async def rebuild(request: Request) -> Response:
    """Build all projections again from the feeds; the positions reached."""
    try:
        reached = await work_of(request).parts.rebuild.all()
    except FeedUnavailable as problem:
        raise Unavailable from problem
    return _json(orjson.dumps(reached))


@router.get("/events/parked", dependencies=[Depends(operator_only)])
async def list_parked(read: Read) -> Response:
    """Events that could not be applied, without their content."""
    rows = await parked(read)
    keys = ("source", "position", "error", "tries", "parked_at")
    return _json(orjson.dumps([{key: getattr(row, key) for key in keys} for row in rows]))


@router.post("/events/parked/retry", dependencies=[Depends(operator_only)])
async def retry(request: Request) -> Response:
    """Try them again: `{"applied": int, "parked": int}`."""
    parts = work_of(request).parts
    applied, left = await retry_parked(parts.database, parts.projection, parts.units)
    parts.relay.wake()
    return _json(orjson.dumps({"applied": applied, "parked": left}))


def _sources(request: Request) -> dict[str, Any]:
    parts = work_of(request).parts
    return {
        source: {
            "position": followed.position,
            "head": followed.head,
            "behind": max(0, followed.head - followed.position),
            "current": followed.current,
        }
        for source, followed in parts.consumer.followed.items()
    }


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
