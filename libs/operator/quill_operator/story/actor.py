"""A person of the story: says what is asked, shows what came back, and insists on the contract."""

import asyncio
from typing import Any

import httpx
import orjson
from rich.markup import escape

from quill_operator.console import console
from quill_operator.visitor import Visitor

_COLOURS = ("cyan", "green", "magenta", "yellow")
_SHOWN = 110


class NotAsTheContractSays(Exception):
    """An answer differs from what the contract promises."""


class Actor:
    """One person with a browser. Every call names the status that the contract gives."""

    _met = 0

    def __init__(self, name: str, base_url: str) -> None:
        self.name = name
        self.visitor = Visitor(base_url)
        self._colour = _COLOURS[Actor._met % len(_COLOURS)]
        Actor._met += 1

    async def get(self, path: str, status: int = 200) -> Any:
        return await self._ask("GET", path, None, status)

    async def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        return await self._ask("POST", path, body, status, **more)

    async def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return await self._ask("PATCH", path, body, status)

    async def delete(self, path: str, status: int = 200) -> Any:
        return await self._ask("DELETE", path, None, status)

    async def sign_in(self, username: str, password: str) -> None:
        body = {"username": username, "password": password}
        answer = await self._ask("POST", "/api/auth/login", body, 200, shown='{"username": …, "password": …}')
        self.insist(answer["user"]["username"] == username, "signed in as somebody else")

    def insist(self, fact: bool, otherwise: str) -> None:
        """Fail loudly unless `fact` holds."""
        if not fact:
            raise NotAsTheContractSays(f"{self.name}: {otherwise}")

    async def _ask(
        self, method: str, path: str, body: Any, status: int, *, shown: str | None = None, **more: Any
    ) -> Any:
        said = shown if shown is not None else ("" if body is None else orjson.dumps(body).decode())
        console.print(f"[bold {self._colour}]{self.name:<22}[/] {method:<6} {escape(_short(f'{path} {said}'))}")
        response = await self.visitor.call(method, path, body, **more)
        if response.status_code == 429 != status:  # whoever plays it again at once has signed in too often
            seconds = int(response.headers["Retry-After"])
            console.print(f"{'':<22} [dim]{escape(_short(response.text))}; waiting {seconds} s[/]")
            await asyncio.sleep(seconds)
            response = await self.visitor.call(method, path, body, **more)
        mark = "[green]✓[/]" if response.status_code == status else "[bold red]✗[/]"
        console.print(f"{'':<22} {mark} {response.status_code}  [dim]{escape(_short(response.text))}[/]")
        self._check(response, method, path, status)
        return response.json()

    def _check(self, response: httpx.Response, method: str, path: str, status: int) -> None:
        asked = f"{method} {path}"
        self.insist(
            response.status_code == status,
            f"{asked} answered {response.status_code} instead of {status}: {response.text}",
        )
        self.insist(response.headers.get("x-request-id", "") != "", f"{asked} came without X-Request-ID")
        self.insist(response.headers.get("cache-control") == "no-store", f"{asked} may be cached")
        pending = response.headers.get("x-quill-pending")
        self.insist(pending is None, f"{asked} is not in force everywhere: {pending}")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
