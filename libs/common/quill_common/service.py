"""What every service's `app.py` starts from: the parts put together, the routes mounted, the loops run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig

from quill_common.access.events import access_projection
from quill_common.audit import routes as audit_routes
from quill_common.audit.entry import AuditEntry
from quill_common.audit.observed import audit_check, count_recorded
from quill_common.audit.recorder import AuditRecorder
from quill_common.audit.sealer import Sealer
from quill_common.background import Background
from quill_common.database.engine import Database
from quill_common.database.migration import heads_of
from quill_common.events.consumer import Consumer
from quill_common.events.dependant import Dependant
from quill_common.events.dependants import Dependants
from quill_common.events.feed import Feed, FeedClient
from quill_common.events.follow import follow
from quill_common.events.parked import ParkedEvents
from quill_common.events.projection import Projection
from quill_common.events.rabbit import Broker
from quill_common.events.rebuild import Rebuild
from quill_common.events.relay import Relay
from quill_common.events.replay import Replay
from quill_common.events.sequencer import Sequencer
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.http import errors, health, internal
from quill_common.http.housekeeping import housekeeping
from quill_common.http.idempotency import forget_old_answers
from quill_common.http.middleware import RequestMiddleware
from quill_common.http.stopping import told_to_stop
from quill_common.identity.key_sources import KeySource, RemoteJwks
from quill_common.identity.service_tokens import ServiceTokens, ServiceTokenVerifier
from quill_common.identity.tokens import TokenVerifier
from quill_common.limits.database_storage import forget_past_windows
from quill_common.limits.failures import Failures
from quill_common.limits.keys import Keys
from quill_common.limits.limiter import RateLimits
from quill_common.limits.notation import limits_of
from quill_common.limits.routes import check_names
from quill_common.limits.storage import open_storage
from quill_common.log import configure
from quill_common.settings import ServiceSettings
from quill_common.topology import Service, dependants_of, sources_of

Start = Callable[["Parts"], Awaitable[None]]

# Ours is `RequestMiddleware`; FastAPI's would send the texts of failures wherever the environment says.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


@dataclass(slots=True)
class Parts:
    """What a running service is made of; routes reach it through `quill_common.http.callers`."""

    name: Service
    settings: Any
    database: Database
    projection: Projection
    units: UnitsOfWork
    audit: AuditRecorder
    sealer: Sealer
    sequencer: Sequencer
    feed: Feed
    relay: Relay
    broker: Broker | None
    consumer: Consumer
    dependants: Dependants
    rebuild: Rebuild
    parked: ParkedEvents
    background: Background
    limits: RateLimits
    failures: Failures
    tokens: TokenVerifier
    service_tokens: ServiceTokenVerifier
    calls: ServiceTokens
    http: aiohttp.ClientSession
    health: health.Health


def create_service(
    name: Service,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    *,
    projection: Projection | None = None,
    keys: KeySource | None = None,
    on_start: Sequence[Start] = (),
    background: Sequence[Start] = (),
    isolated: bool = False,
) -> FastAPI:
    """A FastAPI application for the service `name`.

    `keys` verify user tokens (auth's JWKS when None); `on_start` runs before the first request, `background` beside
    the requests until the end. `isolated` leaves out everything that talks to other processes: for a service's own
    tests.
    """
    configure(name, settings)
    check_names(routers, limits_of(settings))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            parts = await _assemble(stack, name, settings, projection or access_projection(), keys, isolated)
            app.state.parts = parts
            for start in on_start:
                await start(parts)
            stack.push_async_callback(parts.background.stop)
            stack.enter_context(told_to_stop(parts.sequencer.let_go))
            if not isolated:
                _start_loops(parts, background)
            yield

    app = FastAPI(
        title=f"Quill {name}",
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
    )
    app.router.redirect_slashes = False  # `/x/` is not `/x`, and a redirect would show the address behind the gateway
    app.add_middleware(RequestMiddleware, service=name)
    errors.install(app)
    for router in (*routers, health.router, internal.router, audit_routes.router):
        # Not `include_router`: FastAPI would search every included router twice for each request.
        app.router.routes.extend(router.routes)
    return app


async def _assemble(
    stack: AsyncExitStack,
    name: Service,
    settings: ServiceSettings,
    projection: Projection,
    keys: KeySource | None,
    isolated: bool,
) -> Parts:
    database = Database(settings.database_url, settings.database_pool)
    stack.push_async_callback(database.close)
    http = await stack.enter_async_context(_client())
    calls = ServiceTokens(name, settings.key_file(name))
    sources = () if isolated else sources_of(name)
    units = UnitsOfWork(database, projection)
    audit_database = Database(settings.database_url, 2)  # one to record, one to seal
    stack.push_async_callback(audit_database.close)
    audit = AuditRecorder(audit_database)
    stack.push_async_callback(audit.close)
    sealer = Sealer(audit_database)
    sequencer = Sequencer(database)
    stack.push_async_callback(sequencer.close)
    feed = Feed(name, database, sequencer)
    feeds = FeedClient(http, calls, {source: settings.peer_url(source) for source in sources})
    consumer = Consumer(sources, projection, units, feeds)
    broker = Broker(settings.amqp_url, name, consumer.receive, settings.amqp_prefix) if settings.amqp_url else None
    relay = Relay(database, sequencer, feed, broker)
    units.on_published = relay.wake
    units.on_recorded = audit.on_recorded = partial(_recorded, name, sealer)
    peers = [
        Dependant(peer, settings.peer_url(peer), feed, sequencer, http, calls, settings.catch_up_seconds)
        for peer in (() if isolated else dependants_of(name))
    ]
    dependants = Dependants(name, database, sequencer, peers)
    stack.push_async_callback(dependants.close)
    replay = Replay(feed, feeds)
    limits = _limits(stack, name, settings, database, calls.secret("rate limits"))
    parts = Parts(
        name=name,
        settings=settings,
        database=database,
        projection=projection,
        units=units,
        audit=audit,
        sealer=sealer,
        sequencer=sequencer,
        feed=feed,
        relay=relay,
        broker=broker,
        consumer=consumer,
        dependants=dependants,
        rebuild=Rebuild(database, replay, consumer, projection, units),
        parked=ParkedEvents(projection, units, replay),
        background=Background(),
        limits=limits,
        failures=Failures(limits),
        tokens=TokenVerifier(keys or _remote_keys(stack, settings)),
        service_tokens=ServiceTokenVerifier(name, settings.jwks_file()),
        calls=calls,
        http=http,
        health=health.Health(),
    )
    _add_checks(parts)
    return parts


def _limits(
    stack: AsyncExitStack, name: Service, settings: ServiceSettings, database: Database, secret: bytes
) -> RateLimits:
    storage = open_storage(stack, name, database, settings.redis_url)
    return RateLimits(storage, limits_of(settings), Keys(secret))


def _recorded(name: Service, sealer: Sealer, entries: Sequence[AuditEntry]) -> None:
    count_recorded(name, entries)
    sealer.wake()


def _client() -> aiohttp.ClientSession:
    # uvicorn closes a kept connection after five seconds; a call must not be sent into the closing.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _remote_keys(stack: AsyncExitStack, settings: ServiceSettings) -> KeySource:
    remote = RemoteJwks(f"{settings.peer_url('auth')}/.well-known/jwks.json")
    stack.push_async_callback(remote.aclose)
    return remote


def _add_checks(parts: Parts) -> None:
    parts.health.add("database", health.database_check(parts.database, heads_of(parts.name)))
    parts.health.add("audit", partial(audit_check, parts.database))
    parts.health.add("feeds", health.feed_check(parts.consumer))
    parts.health.add("loops", health.loops_check(parts.background))
    if parts.broker is not None:
        parts.health.add("broker", health.broker_check(parts.broker))


def _start_loops(parts: Parts, more: Sequence[Start]) -> None:
    parts.background.start("relay", parts.relay.run)
    parts.background.start("seal audit", parts.sealer.run)
    parts.background.start("housekeeping", partial(housekeeping, parts.database, forget_old_answers))
    parts.background.start("past rate limits", partial(housekeeping, parts.database, forget_past_windows))
    for source in parts.consumer.followed:
        parts.background.start(f"follow {source}", partial(follow, parts.consumer, source, parts.broker))
    if parts.broker is not None:
        parts.background.start("broker", parts.broker.run)
    for loop in more:
        parts.background.start(getattr(loop, "__name__", "background"), partial(loop, parts))
