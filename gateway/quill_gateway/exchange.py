"""One request and its answer, as the gateway sees them."""

from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

import orjson

from quill_gateway.errors import Headers, Refusal
from quill_gateway.fhir_errors import fhir_error, is_fhir
from quill_gateway.headers import Incoming

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON: Headers = [(b"content-type", b"application/json")]


class Exchange:
    """Knows what was asked, and makes sure that every answer carries what every answer must."""

    __slots__ = (
        "_send",
        "answer_headers",
        "incoming",
        "method",
        "receive",
        "request_id",
        "route",
        "scope",
        "service",
        "started",
        "status",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.started = perf_counter()
        self.status = 0
        self.route = "unmatched"
        self.service = "gateway"
        self.request_id = ""
        self.incoming: Incoming
        self.answer_headers: Headers = []

    async def start(self, status: int, headers: Headers) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers + self.answer_headers})

    async def body(self, content: bytes, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": content, "more_body": more})

    async def answer(self, status: int, content: bytes, headers: Headers) -> None:
        """A whole answer at once."""
        await self.start(status, [*headers, (b"content-length", str(len(content)).encode())])
        await self.body(content, more=False)

    async def json(self, status: int, content: Any) -> None:
        await self.answer(status, orjson.dumps(content), _JSON)

    async def refuse(self, refusal: Refusal) -> None:
        if is_fhir(self.scope["raw_path"]):
            await self.answer(refusal.status, *fhir_error(refusal))
        else:
            await self.answer(refusal.status, refusal.body, _JSON + refusal.headers)
