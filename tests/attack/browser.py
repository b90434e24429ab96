"""Requests with exactly the cookies and headers that a test says, and nothing that a client would add or tidy up."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from quill_operator.visitor import CSRF_COOKIE, Visitor
from system.ward import PASSWORD, good

_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # not used, but costly to make for each client


@dataclass(frozen=True)
class Session:
    """The cookies of one sign-in."""

    cookies: dict[str, str]

    @property
    def access(self) -> str:
        return self.cookies["access_token"]

    @property
    def refresh(self) -> str:
        return self.cookies["refresh_token"]

    @property
    def csrf(self) -> str:
        return self.cookies[CSRF_COOKIE]

    def headers(self) -> dict[str, str]:
        """As the frontend sends them."""
        return {**cookie(**self.cookies), "X-CSRF-Token": self.csrf}


def cookie(**cookies: str) -> dict[str, str]:
    """A Cookie header."""
    return {
        "Cookie": "; ".join(f"{name.replace('XSRF_TOKEN', CSRF_COOKIE)}={value}" for name, value in cookies.items())
    }


async def session(url: str, username: str, password: str = PASSWORD) -> Session:
    """Sign in at the gateway at `url`."""
    async with Visitor(url) as visitor:
        await good(await visitor.sign_in(username, password))
        return Session(dict(visitor.http.cookies))


async def send(url: str, method: str, path: str, headers: dict[str, str], json: Any = None) -> httpx.Response:
    """One request on a connection of its own."""
    async with client(url) as http:
        return await http.request(method, path, headers=headers, **({} if json is None else {"json": json}))


async def renewed(url: str, refresh_token: str) -> tuple[int, Session | None]:
    """Renew with that refresh token: the status and, if it was good, the new cookies."""
    async with client(url) as http:
        return await renewed_by(http, refresh_token)


async def renewed_by(http: httpx.AsyncClient, refresh_token: str) -> tuple[int, Session | None]:
    """The same on a connection that is kept."""
    response = await http.post("/api/auth/refresh", headers=cookie(refresh_token=refresh_token))
    http.cookies.clear()
    return response.status_code, Session(dict(response.cookies)) if response.status_code == 200 else None


async def me(url: str, headers: dict[str, str]) -> tuple[int, Any]:
    """Who the gateway takes the sender for."""
    response = await send(url, "GET", "/api/auth/me", headers)
    return response.status_code, response.json()


async def raw(url: str, head: bytes) -> tuple[int, bytes]:
    """Send bytes as they are and read until the other end closes: the status, and all that came after its line."""
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        writer.write(head)
        await writer.drain()
        async with asyncio.timeout(60):
            answer = await reader.read()
    finally:
        writer.close()
    line, _, rest = answer.partition(b"\r\n")
    return int(line.split()[1]), rest


async def until_refused(url: str, headers: dict[str, str], path: str) -> float:
    """Ask again and again until the answer is 401. The seconds after which a request was last begun and let in; 0
    when none was. Raises TimeoutError after sixty.
    """
    clock = asyncio.get_running_loop().time
    started, let_in = clock(), 0.0
    async with client(url) as http, asyncio.timeout(60):
        while True:
            begun = clock()
            if (await http.get(path, headers=headers)).status_code == 401:
                return let_in
            let_in = begun - started


def client(url: str) -> httpx.AsyncClient:
    """Connections to a gateway, for requests that carry their own cookies."""
    return httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, verify=_TLS)
