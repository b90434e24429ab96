"""A person at the public API who fills it with the demo."""

import asyncio
from typing import Any, Final

import httpx

from quill_operator.visitor import Visitor

_TRIES: Final = 4
_SECONDS_TO_CATCH_UP: Final = 1.0
_LONGEST_WAIT: Final = 65.0


class DemoError(RuntimeError):
    """The API answered otherwise than the demo needs."""


class Person(Visitor):
    """A visitor for whom every answer but the wanted one is an error."""

    async def enter(self, username: str, password: str) -> None:
        """Sign in. Raises DemoError."""
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
        try:
            return await self.call(method, path, body, params=query)
        except httpx.HTTPError as problem:
            raise DemoError(f"{method} {path} had no answer: {problem}") from problem
