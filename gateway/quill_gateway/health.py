"""`GET /api/health`: the state of the system and its stores, as the contract's section 3 says."""

import asyncio
import time
from typing import Any, Final

from quill_common.topology import SERVICES, Service

from quill_gateway.peers import Peers, PeerSilent, PeerUnreachable

_PROBE_SECONDS: Final = 5.0
_KEPT_SECONDS: Final = 2.0
_ERRORS: Final = frozenset(
    {"Not provisioned", "Clinical services disabled", "unreachable", "timeout", "unexpected status"}
)

Entry = dict[str, Any]
_NOT_PROVISIONED: Final[Entry] = {"available": False, "error": "Not provisioned"}


class SystemHealth:
    """Asks all services at once, answers from memory for two seconds, and asks only once at a time."""

    def __init__(self, peers: Peers, clinical: bool) -> None:
        self._peers = peers
        self._clinical = clinical
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[Entry] | None = None

    async def report(self) -> Entry:
        if self._asking is None or (self._asking.done() and time.monotonic() - self._asked_at > _KEPT_SECONDS):
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> Entry:
        fhir, ehrbase, *answers = await asyncio.gather(
            self._store("patients"), self._store("letters"), *(self._ready(service) for service in SERVICES)
        )
        by_service = dict(zip(SERVICES, answers, strict=True))
        services = {"auth_db": _database(by_service["auth"]), "fhir": fhir, "ehrbase": ehrbase}
        services |= {service: _service(answer) for service, answer in by_service.items()}
        services |= _broker(answers)
        healthy = all(entry["available"] for entry in services.values())
        return {"status": "healthy" if healthy else "degraded", "services": services}

    async def _store(self, service: Service) -> Entry:
        if not self._clinical:
            return _NOT_PROVISIONED
        answer = await self._probe(service, "/health/store")
        if isinstance(answer, str):
            return {"available": False, "error": answer}
        status, content = answer
        if status != 200 or not isinstance(content, dict) or not isinstance(content.get("available"), bool):
            return {"available": False, "error": "unexpected status"}
        return _store_entry(content)

    async def _ready(self, service: Service) -> tuple[int, Any] | str:
        return await self._probe(service, "/health/ready")

    async def _probe(self, service: Service, path: str) -> tuple[int, Any] | str:
        try:
            return await self._peers.get(service, path, seconds=_PROBE_SECONDS)
        except PeerSilent:
            return "timeout"
        except PeerUnreachable:
            return "unreachable"


def _store_entry(content: dict[str, Any]) -> Entry:
    entry: Entry = {"available": content["available"]}
    status = content.get("status_code")
    if isinstance(status, int) and not isinstance(status, bool):
        entry["status_code"] = status
    if not entry["available"]:
        error = content.get("error")
        entry["error"] = error if error in _ERRORS else "unexpected status"
    return entry


def _service(answer: tuple[int, Any] | str) -> Entry:
    if isinstance(answer, str):
        return {"available": False, "error": answer}
    status = answer[0]
    if status == 200:
        return {"available": True, "status_code": 200}
    return {"available": False, "status_code": status, "error": "unexpected status"}


def _database(answer: tuple[int, Any] | str) -> Entry:
    if isinstance(answer, str):
        return {"available": False, "error": answer}
    if _check(answer, "database").get("state") == "ok":
        return {"available": True}
    return {"available": False, "error": "unreachable"}


def _broker(answers: list[tuple[int, Any] | str]) -> dict[str, Entry]:
    """An entry when any service has a broker configured: available when all of those are connected to it."""
    checks = [_check(answer, "broker") for answer in answers if not isinstance(answer, str)]
    connected = [check.get("state") == "ok" and check.get("connected", True) is True for check in checks if check]
    if not connected:
        return {}
    return {"broker": {"available": True} if all(connected) else {"available": False, "error": "unreachable"}}


def _check(answer: tuple[int, Any], name: str) -> dict[str, Any]:
    content = answer[1]
    checks = content.get("checks") if isinstance(content, dict) else None
    check = checks.get(name) if isinstance(checks, dict) else None
    return check if isinstance(check, dict) else {}
