"""What services and operators ask of each other.

Answers nothing without a service token; the gateway never routes here.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from quill_common.events.consumer import NotInForce
from quill_common.events.envelope import Envelope
from quill_common.events.feed import MAX_PAGE, MAX_WAIT_SECONDS, FeedUnavailable
from quill_common.events.inbox import parked
from quill_common.events.rebuild import CannotRebuild, RebuildRuns
from quill_common.http.answers import json_answer, ready_json
from quill_common.http.callers import Read
from quill_common.http.errors import Conflict, Forbidden, Unauthenticated, Unavailable
from quill_common.http.shapes import MAX_BIGINT
from quill_common.http.work import WorkRoute, work_of
from quill_common.identity.errors import InvalidToken
from quill_common.topology import SERVICES, Service


async def calling_service(request: Request) -> str:
    """The name in a good service token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        raise Unauthenticated
    work = work_of(request)
    try:
        work.calling_service = work.parts.service_tokens.verify(token)
    except InvalidToken as problem:
        raise Unauthenticated("Invalid token") from problem
    return work.calling_service


async def operator_only(caller: Annotated[str, Depends(calling_service)]) -> None:
    if caller != "operator":
        raise Forbidden


def internal_router(prefix: str, admit: Callable[..., Awaitable[object]] = operator_only) -> APIRouter:
    """A router of internal routes for those whom `admit` lets pass; the public document does not name them."""
    return APIRouter(prefix=prefix, include_in_schema=False, route_class=WorkRoute, dependencies=[Depends(admit)])


router = internal_router("/internal", admit=calling_service)


class CatchUp(BaseModel):
    """A source's wish that we be at `position`; the last events come along."""

    source: Service
    position: int = Field(ge=0, le=MAX_BIGINT)
    events: list[Envelope] = []
    chain: list[Service] = Field([], max_length=len(SERVICES), description="Who waits for this, each for the next")


@router.get("/events")
async def feed(
    request: Request,
    after: Annotated[int, Query(ge=0, le=MAX_BIGINT)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 0.0,
) -> Response:
    """The events after a position, in order: `{"head": int, "events": [CloudEvents]}`."""
    head, events = await work_of(request).parts.feed.page(after, limit, wait)
    return ready_json(b'{"head":%d,"events":[%s]}' % (head, b",".join(events)))


@router.post("/catch-up")
async def catch_up(request: Request, body: CatchUp, caller: Annotated[str, Depends(calling_service)]) -> Response:
    """Be level with the caller, and have what we published because of it in force with others, before answering.

    `{"position": int, "pending": [names of those others that have not confirmed]}`
    """
    parts = work_of(request).parts
    if caller != body.source or body.source not in parts.consumer.followed:
        raise Forbidden
    try:
        position = await parts.consumer.catch_up(body.source, body.position, body.events)
    except (FeedUnavailable, NotInForce) as problem:
        raise Unavailable from problem
    pending = await parts.dependants.confirm_derived(body.source, body.chain) if parts.projection.reacts else []
    return json_answer({"position": position, "pending": pending})


@router.get("/projections", dependencies=[Depends(operator_only)])
async def projections(request: Request) -> Response:
    """How far each source is applied: state, position, head, behind, lag_seconds, parked."""
    followed = await work_of(request).parts.consumer.survey()
    return json_answer({source: each.as_dict() for source, each in followed.items()})


@router.post("/projections/rebuild", dependencies=[Depends(operator_only)])
async def rebuild(request: Request) -> Response:
    """Build all projections again from the feeds; the positions reached."""
    try:
        reached = await work_of(request).parts.rebuild.all()
    except FeedUnavailable as problem:
        raise Unavailable from problem
    except RebuildRuns as problem:
        raise Conflict("A rebuild is running; see how it ends before you ask for another") from problem
    except CannotRebuild as problem:
        raise Conflict(str(problem)) from problem
    return json_answer(reached)


@router.get("/events/parked", dependencies=[Depends(operator_only)])
async def list_parked(read: Read) -> Response:
    """Events that could not be applied, without their content."""
    rows = await parked(read)
    keys = ("source", "position", "error", "tries", "parked_at")
    return json_answer([{key: getattr(row, key) for key in keys} for row in rows])


@router.post("/events/parked/retry", dependencies=[Depends(operator_only)])
async def retry(request: Request) -> Response:
    """Try them again: `{"applied": int, "parked": int}`."""
    parts = work_of(request).parts
    applied, left = await parts.parked.retry()
    for source in parts.consumer.followed:
        await parts.consumer.look(source)
    return json_answer({"applied": applied, "parked": left})
