"""Another service that has a trail, for tests of who merges them: it answers as `/internal/audit` does."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from aiohttp import web
from quill_common.audit.entry import FACTS
from quill_common.topology import Service

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Peer:
    """A service whose trail the test writes. `status` and `body` let it fail."""

    name: Service
    entries: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    barrier: asyncio.Barrier | None = None

    def add(self, micros: int, **facts: Any) -> None:
        """An entry at that time; ids grow."""
        usual = dict.fromkeys((*FACTS, "position"))
        recorded = (_EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
        own = {"recorded_at": recorded, "recorded_micros": micros, "id": len(self.entries) + 1}
        self.entries.append({**usual, "action": "patient.read", "outcome": "success", **own, **facts})

    def forget(self) -> None:
        """Begin anew, and well."""
        self.entries.clear()
        self.asked.clear()
        self.tokens.clear()
        self.status, self.body, self.barrier = 200, None, None

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        if self.barrier is not None:
            await self.barrier.wait()
        if self.body is not None or self.status != 200:
            return web.Response(body=self.body, status=self.status)
        found = sorted(self.entries, key=lambda entry: (entry["recorded_micros"], entry["id"]), reverse=True)
        if "before" in request.query:
            before = int(request.query["before"]), int(request.query["before_id"])
            found = [entry for entry in found if (entry["recorded_micros"], entry["id"]) < before]
        return web.Response(body=orjson.dumps({"entries": found[: int(request.query["limit"])]}))
