"""A person at the public API: signs in, keeps the cookies, sends the CSRF token."""

import asyncio
from types import TracebackType
from typing import Any, Final, Self

import httpx

_TRIES: Final = 4
_SECONDS_TO_CATCH_UP: Final = 1.0
_LONGEST_WAIT: Final = 65.0


class DemoError(RuntimeError):
    """The API answered otherwise than the demo needs."""


class Person:
    """One session. Use as an async context manager."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sign_in(self, username: str, password: str) -> None:
        await self.send("POST", "/api/auth/login", {"username": username, "password": password})

    async def read(self, path: str, **query: str) -> Any:
        return await self.send("GET", path, query=query)

    async def send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, str] | None = None,
        already: int | None = None,
    ) -> Any:
        """The JSON answer; None for the status `already` ("it is there already"). Raises DemoError otherwise."""
        for attempt in range(_TRIES):
            response = await self._once(method, path, body, query)
            if response.status_code in (429, 503) and attempt < _TRIES - 1:
                await asyncio.sleep(min(float(response.headers.get("retry-after", "1")), _LONGEST_WAIT))
                continue
            break
        if response.status_code == already:
            return None
        if not response.is_success:
            raise DemoError(f"{method} {path} answered {response.status_code}: {response.text[:300]}")
        if "x-quill-pending" in response.headers:
            await asyncio.sleep(_SECONDS_TO_CATCH_UP)
        return response.json()

    async def _once(
        self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str] | None
    ) -> httpx.Response:
        headers = {"X-CSRF-Token": self._http.cookies.get("XSRF-TOKEN") or ""}
        try:
            return await self._http.request(method, path, json=body, params=query, headers=headers)
        except httpx.HTTPError as problem:
            raise DemoError(f"{method} {path} had no answer: {problem}") from problem
