"""A request's way through the gateway, as a bare ASGI application."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from quill_common.identity import KeysUnavailable

from quill_gateway.admission import Admission
from quill_gateway.body import ClientGone
from quill_gateway.browsers import on_all_answers
from quill_gateway.called_as import CalledAs
from quill_gateway.client_address import ClientAddress
from quill_gateway.cors import Cors
from quill_gateway.errors import (
    BadRequest,
    BodyTooLarge,
    ClinicalOff,
    MethodNotAllowed,
    NotFound,
    Refusal,
    TargetTooLong,
    Unexpected,
)
from quill_gateway.exchange import Exchange, Receive, Scope, Send
from quill_gateway.fhir_errors import FHIR_BASE, is_fhir
from quill_gateway.forwarding import BrokenAnswer, Forwarder
from quill_gateway.headers import Incoming
from quill_gateway.observing import Observer
from quill_gateway.paths import MAX_TARGET, segments
from quill_gateway.routes import ROUTES, Caller, Route
from quill_gateway.routing import Router
from quill_gateway.same_origin import SAFE_METHODS, SameOrigin
from quill_gateway.settings import GatewaySettings

_CLIENT_CLOSED_REQUEST = 499  # nginx's number for the log; nobody is there to read it


@dataclass(frozen=True, slots=True)
class OwnRoute:
    """A path that the gateway answers itself."""

    method: str
    path: str
    answer: Callable[[Exchange], Awaitable[None]]


class Background(Protocol):
    """What must run while the gateway serves."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Gateway:
    def __init__(
        self,
        settings: GatewaySettings,
        *,
        own_routes: Sequence[OwnRoute],
        admission: Admission,
        forwarder: Forwarder,
        observer: Observer,
        background: Background,
    ) -> None:
        self._settings = settings
        self._router: Router[Route | OwnRoute] = Router((*ROUTES, *own_routes))
        self._admission = admission
        self._forwarder = forwarder
        self._observer = observer
        self._background = background
        self._cors = Cors(settings.cors_origins)
        self._client_address = ClientAddress(settings.trusted_proxies)
        self._called_as = CalledAs(self._client_address, https_only=settings.secure_cookies)
        self._same_origin = SameOrigin(settings.frontend_origins, self._client_address)
        self._on_all = on_all_answers(https_only=settings.secure_cookies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(Exchange(scope, receive, send))
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, exchange: Exchange) -> None:
        try:
            try:
                await self._serve(exchange)
            except Refusal as refusal:
                await exchange.refuse(refusal)
        except ClientGone:
            exchange.status = _CLIENT_CLOSED_REQUEST
        except BrokenAnswer:
            # Returning without an end makes the server close the connection: the client sees a broken answer.
            self._observer.broken(exchange)
        except Exception as problem:  # quill: allow broad-except - the last place before the server
            self._observer.unexpected(exchange, problem)
            if exchange.status:
                raise
            await exchange.refuse(Unexpected())
        finally:
            self._observer.finished(exchange)

    async def _serve(self, exchange: Exchange) -> None:
        incoming = exchange.incoming = Incoming(exchange.scope["headers"])
        exchange.request_id = incoming.request_id()
        origin = incoming.read.get(b"origin", [None])[0]
        exchange.answer_headers = [
            (b"x-request-id", exchange.request_id.encode()),
            *self._on_all,
            *self._cors.headers(origin),
        ]
        incoming.check()
        if self._is_preflight(exchange, origin):
            await exchange.answer(200, b"{}", [(b"content-type", b"application/json"), *self._cors.preflight()])
            return
        route = self._route(exchange)
        if isinstance(route, OwnRoute):
            await route.answer(exchange)
        else:
            await self._pass_on(exchange, route)

    async def _pass_on(self, exchange: Exchange, route: Route) -> None:
        incoming = exchange.incoming
        headers = incoming.forwarded
        client = exchange.scope.get("client")
        peer = client[0] if client else "unknown"
        await self._admit(exchange, route, peer)
        if route.path.startswith(FHIR_BASE) and (base := self._called_as.base(exchange, peer)):
            headers["X-Quill-Called-As"] = base
        if route.clinical and not self._settings.clinical_services_enabled:
            raise ClinicalOff
        if (incoming.content_length or 0) > self._settings.body_limit:
            raise BodyTooLarge
        headers["X-Forwarded-For"] = self._client_address.of(peer, incoming.read.get(b"x-forwarded-for", ()))
        headers["X-Request-ID"] = exchange.request_id
        await self._forwarder.forward(exchange, route.service, headers)

    async def _admit(self, exchange: Exchange, route: Route, peer: str) -> None:
        """Refuse who may not pass; put what proves the caller into the headers for the service."""
        incoming = exchange.incoming
        cookies, claims = incoming.cookies(), None
        authorization = incoming.read.get(b"authorization") if route.caller is Caller.BEARER_TOO else None
        if authorization:
            token, claims = await self._admission.bearer_token(authorization)
            incoming.forwarded["Authorization"] = f"Bearer {token}"
        elif route.caller in {Caller.SIGNED_IN, Caller.BEARER_TOO}:
            token, claims = await self._admission.access_token(cookies)
            incoming.forwarded["Authorization"] = f"Bearer {token}"
        elif route.caller is Caller.REFRESH_COOKIE:
            incoming.forwarded["X-Quill-Refresh-Token"] = self._admission.refresh_token(cookies)
        elif route.caller is Caller.SIGNING_IN and (held := await self._admission.held_session(cookies)):
            incoming.forwarded["X-Quill-Held-Session"] = held
        if route.method not in SAFE_METHODS:
            self._same_origin.check(incoming, peer)
        if route.csrf and claims is not None and not authorization:  # no browser sends a bearer token by itself
            await self._admission.check_csrf(incoming.first(b"x-csrf-token"), cookies, claims)

    def _route(self, exchange: Exchange) -> Route | OwnRoute:
        raw_path: bytes = exchange.scope["raw_path"]
        query: bytes = exchange.scope["query_string"]
        if len(raw_path) + len(query) > MAX_TARGET:
            raise TargetTooLong
        path = segments(raw_path)
        if path is None:
            raise NotFound
        route = self._router.find(exchange.method, path)
        if route is None:
            methods = self._router.methods(path)
            raise MethodNotAllowed(methods) if methods else NotFound
        exchange.route = route.path
        if isinstance(route, Route):
            exchange.service = route.service
            if not query.isascii() or (is_fhir(raw_path) and b"%00" in query):  # a service's own refusal is not FHIR's
                raise BadRequest
        return route

    def _is_preflight(self, exchange: Exchange, origin: bytes | None) -> bool:
        return (
            exchange.method == "OPTIONS"
            and self._cors.allows(origin)
            and b"access-control-request-method" in exchange.incoming.read
        )

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._background.start()
        except KeysUnavailable as problem:
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._background.stop()
        await send({"type": "lifespan.shutdown.complete"})
