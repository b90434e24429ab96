"""Whether a service lives, and whether it can work: each thing it needs named with its state."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from quill_common.audit.observed import observe_audit
from quill_common.background import Background
from quill_common.database.engine import Database
from quill_common.events.consumer import Consumer
from quill_common.events.rabbit import Broker
from quill_common.http.answers import json_answer, ready_json
from quill_common.http.metrics import observe_events
from quill_common.mail.observed import observe_mail

Check = Callable[[], Awaitable[dict[str, Any]]]
CHECK_SECONDS = 4.0

router = APIRouter(include_in_schema=False)

_REVISIONS = text("SELECT version_num FROM alembic_version")


class Health:
    """The checks of one service. A check answers `{"state": "ok" or what is wrong, ...}`."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        self._checks[name] = check

    async def report(self) -> tuple[bool, dict[str, dict[str, Any]]]:
        """Whether all is well, and each check's answer. Checks run side by side, each with a time limit."""
        answers = await asyncio.gather(*(_bounded(check) for check in self._checks.values()))
        report = dict(zip(self._checks, answers, strict=True))
        return all(check["state"] == "ok" for check in answers), report


async def _bounded(check: Check) -> dict[str, Any]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return {"state": "timeout"}


def database_check(database: Database, heads: frozenset[str]) -> Check:
    """The database answers and stands at the migrations that this code was written for."""

    async def check() -> dict[str, Any]:
        try:
            async with database.reader() as reader:
                found = frozenset(await reader.values(_REVISIONS))
        except (SQLAlchemyError, OSError, TimeoutError):
            return {"state": "unreachable"}
        return {"state": "ok" if found == heads else "wrong migration"}

    return check


def feed_check(consumer: Consumer) -> Check:
    """Every followed source was caught up with since the start, and none has fewer events than were applied here.

    Parked events and a source that is away show, and do not make the service unready: the rest of it works.
    """

    async def check() -> dict[str, Any]:
        states = {followed.state for followed in consumer.followed.values()} - {"ok", "source away"}
        sources = {source: followed.as_dict() for source, followed in consumer.followed.items()}
        return {"state": max(states, key=_GRAVITY.index, default="ok"), "sources": sources}

    return check


_GRAVITY = ("catching up", "ahead of source")


def loops_check(background: Background) -> Check:
    """No background loop has failed lately."""

    async def check() -> dict[str, Any]:
        failing = sorted(background.failing)
        return {"state": "failing", "loops": failing} if failing else {"state": "ok"}

    return check


def broker_check(broker: Broker) -> Check:
    """The broker is connected. Without it the service still works, by the feeds; so `ok` says which."""

    async def check() -> dict[str, Any]:
        return {"state": "ok", "connected": broker.connected.is_set()}

    return check


@router.get("/health/live")
async def live() -> Response:
    """The process answers."""
    return ready_json(b'{"status":"alive"}')


@router.get("/health/ready")
async def ready(request: Request) -> Response:
    """The process can do its work."""
    well, checks = await request.app.state.parts.health.report()
    body = {"status": "ready" if well else "not ready", "checks": checks}
    return json_answer(body, 200 if well else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """For Prometheus."""
    parts = request.app.state.parts
    await observe_events(parts)
    await observe_audit(parts.name, parts.database)
    await observe_mail(parts.name, parts.database)
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
