"""The services that an import talks to, as the operator."""

import time
from typing import Any, Final, Protocol

import httpx
import orjson
from quill_common.identity.errors import KeysUnavailable
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.settings import load
from quill_common.topology import Service

from quill_operator.internal import base_url
from quill_operator.settings import OperatorSettings

TRIES: Final = 5
_SECONDS: Final = 120.0
_PAUSE: Final = 1.0


class ServiceFailed(Exception):
    """A service that does not answer, or refuses as a whole; says which and how."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Services(Protocol):
    """Asks a service; every request of an import may be repeated safely."""

    def ask(self, service: Service, method: str, path: str, body: Any = None) -> tuple[Any, list[str]]:
        """The JSON answer and the services that have yet to learn of it. Raises ServiceFailed."""


class RunningServices:
    """The services as they run, by HTTP. A service that is away is asked again, a bounded number of times."""

    def __init__(self, client: httpx.Client | None = None, pause: float = _PAUSE) -> None:
        """Raises ServiceFailed without the operator's key."""
        self._settings = load(OperatorSettings)
        try:
            self._tokens = ServiceTokens("operator", self._settings.key_file("operator"))
        except KeysUnavailable as problem:
            raise ServiceFailed(f"{problem}: is QUILL_DATA_DIR right?") from problem
        self._client = client or httpx.Client(timeout=_SECONDS, trust_env=False)
        self._pause = pause

    def ask(self, service: Service, method: str, path: str, body: Any = None) -> tuple[Any, list[str]]:
        response = self.answer(service, method, path, body)
        pending = response.headers.get("X-Quill-Pending", "")
        return response.json(), [name for name in pending.split(",") if name]

    def answer(self, service: Service, method: str, path: str, body: Any = None) -> httpx.Response:
        """The good answer as it came. Raises ServiceFailed."""
        for _ in range(TRIES - 1):
            try:
                return self._answer_once(service, method, path, body)
            except ServiceFailed as problem:
                if problem.status not in (None, httpx.codes.SERVICE_UNAVAILABLE):
                    raise
            time.sleep(self._pause)
        return self._answer_once(service, method, path, body)

    def _answer_once(self, service: Service, method: str, path: str, body: Any) -> httpx.Response:
        url = f"{base_url(self._settings, service)}{path}"
        content = None if body is None else orjson.dumps(body)
        try:
            headers = {"Content-Type": "application/json", **self._tokens.headers(service)}
            response = self._client.request(method, url, content=content, headers=headers)
        except httpx.HTTPError as problem:
            raise ServiceFailed(f"{service} does not answer: {type(problem).__name__}") from problem
        if response.status_code != httpx.codes.OK:
            raise ServiceFailed(f"{service} answered {response.status_code}", response.status_code)
        return response
