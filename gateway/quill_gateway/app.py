"""The gateway, put together."""

from quill_common import log
from quill_common.identity import RemoteJwks, TokenVerifier
from quill_common.settings import load

from quill_gateway.admission import Admission
from quill_gateway.background import AuthToken, Running
from quill_gateway.docs import DocsPages
from quill_gateway.exchange import Exchange
from quill_gateway.forwarding import Forwarder
from quill_gateway.gateway import Gateway, OwnRoute
from quill_gateway.health import SystemHealth
from quill_gateway.observing import Observer
from quill_gateway.openapi import MergedDocument
from quill_gateway.operations import Operations
from quill_gateway.peers import Peers
from quill_gateway.revocations import RevocationFollower
from quill_gateway.sessions import EndedSessions
from quill_gateway.settings import GatewaySettings


def create_app(settings: GatewaySettings) -> Gateway:
    """The ASGI application. Nothing is opened or read before its lifespan starts."""
    keys = RemoteJwks(settings.peer_url("auth") + "/.well-known/jwks.json")
    auth_token = AuthToken(settings.key_file("gateway"))
    peers = Peers(settings)
    ended = EndedSessions(settings.access_minutes * 60)
    follower = RevocationFollower(peers, ended, auth_token, settings.revocation_wait_seconds)
    forwarder = Forwarder(settings, ended)
    running = Running(keys=keys, auth_token=auth_token, peers=peers, forwarder=forwarder, follower=follower)
    observer = Observer()
    observer.gauge("quill_gateway_ended_sessions", "Ended sessions that are remembered", lambda: len(ended))
    return Gateway(
        settings,
        own_routes=_own_routes(settings, peers, Operations(running, observer)),
        admission=Admission(TokenVerifier(keys), ended, follower),
        forwarder=forwarder,
        observer=observer,
        background=running,
    )


def _own_routes(settings: GatewaySettings, peers: Peers, operations: Operations) -> list[OwnRoute]:
    health = SystemHealth(peers, settings.clinical_services_enabled)

    async def report(exchange: Exchange) -> None:
        await exchange.json(200, await health.report())

    answers = {
        "/api/health": report,
        "/health/live": operations.live,
        "/health/ready": operations.ready,
        "/metrics": operations.metrics,
    }
    routes = [OwnRoute(method, path, answer) for path, answer in answers.items() for method in ("GET", "HEAD")]
    if settings.is_development:
        docs = DocsPages(MergedDocument(peers))
        routes += [
            OwnRoute("GET", "/api/openapi.json", docs.document),
            OwnRoute("GET", "/api/docs", docs.swagger),
            OwnRoute("GET", "/api/redoc", docs.redoc),
            OwnRoute("GET", "/api/docs/assets/{name}", docs.asset),
        ]
    return routes


def __getattr__(name: str) -> Gateway:
    """`quill_gateway.app:app`, made when a server asks for it: importing this module reads no environment."""
    if name != "app":
        raise AttributeError(name)
    settings = load(GatewaySettings)
    log.configure("gateway", settings)
    return create_app(settings)
