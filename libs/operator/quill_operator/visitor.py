"""Someone with a browser: knows the gateway's address, keeps cookies, sends the CSRF header, and nothing else."""

from types import TracebackType
from typing import Any, Self

import httpx

CSRF_COOKIE = "XSRF-TOKEN"


class Visitor:
    """A caller of the public API. Use it as an async context manager."""

    def __init__(self, base_url: str, *, timeout: float = 30.0) -> None:
        self.http = httpx.AsyncClient(base_url=base_url, timeout=timeout, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def call(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Send a request as the existing frontend does: with the CSRF header on everything but GET."""
        headers = dict(more.pop("headers", {}))
        csrf = self.http.cookies.get(CSRF_COOKIE)
        if csrf and method != "GET":
            headers.setdefault("X-CSRF-Token", csrf)
        body = {} if json is None else {"json": json}
        return await self.http.request(method, path, headers=headers, **body, **more)

    async def sign_in(self, username: str, password: str) -> httpx.Response:
        return await self.call("POST", "/api/auth/login", {"username": username, "password": password})
