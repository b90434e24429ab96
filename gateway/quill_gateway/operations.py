"""For operators: whether the gateway lives, whether it can work, and its metrics."""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from quill_gateway.background import Running
from quill_gateway.exchange import Exchange
from quill_gateway.observing import Observer


class Operations:
    def __init__(self, running: Running, observer: Observer) -> None:
        self._running = running
        self._observer = observer

    async def live(self, exchange: Exchange) -> None:
        await exchange.json(200, {"status": "alive"})

    async def ready(self, exchange: Exchange) -> None:
        checks = {
            "signing_keys": _state(self._running.keys_loaded),
            "ended_sessions": _state(self._running.followed),
        }
        well = all(check["state"] == "ok" for check in checks.values())
        await exchange.json(200 if well else 503, {"status": "ready" if well else "not ready", "checks": checks})

    async def metrics(self, exchange: Exchange) -> None:
        await exchange.answer(200, self._observer.exposition(), [(b"content-type", CONTENT_TYPE_LATEST.encode())])


def _state(well: bool) -> dict[str, Any]:
    return {"state": "ok" if well else "not loaded"}
