"""The measured requests, under the names of the budgets."""

from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from quill_operator.bench.load import CONNECTIONS, Ask
from quill_operator.bench.scene import Scene
from quill_operator.visitor import CSRF_COOKIE


@dataclass(frozen=True)
class Scenario:
    """What is asked, by whom, and how often it is measured."""

    name: str
    ask: Ask
    requests: int = 3000
    admin: bool = False
    own_sessions: bool = False


def scenarios(url: str, scene: Scene) -> list[Scenario]:
    """All scenarios, in the order of the budgets."""
    thread = f"{url}/api/conversations/{scene.conversation_id}"

    async def send(session: aiohttp.ClientSession) -> None:
        await ask(session, "POST", f"{thread}/messages", {"body": "The dose was 5 mg."})

    async def refresh(session: aiohttp.ClientSession) -> None:
        await ask(session, "POST", f"{url}/api/auth/refresh")

    async def login(session: aiohttp.ClientSession) -> None:
        await ask(session, "POST", f"{url}/api/auth/login", {"username": scene.username, "password": scene.password})

    return [
        Scenario("GET /api/auth/me", _get(f"{url}/api/auth/me")),
        Scenario("GET /api/organizations (20)", _get(f"{url}/api/organizations?limit=20"), admin=True),
        Scenario("GET /api/patients/{id}", _get(f"{url}/api/patients/{scene.patient_id}")),
        Scenario("GET /api/patients?limit=100 (of 1,000)", _get(f"{url}/api/patients?limit=100"), 1000),
        Scenario("GET /api/conversations?limit=50 (of 200)", _get(f"{url}/api/conversations?limit=50"), 1000),
        Scenario("GET /api/conversations/{id} (10 messages)", _get(thread), 2000),
        Scenario("POST /api/conversations/{id}/messages", send, 2000),
        Scenario("POST /api/auth/refresh", refresh, 1500, own_sessions=True),
        Scenario("POST /api/auth/login", login, 200),
    ]


def _get(url: str) -> Ask:
    async def get(session: aiohttp.ClientSession) -> None:
        await ask(session, "GET", url)

    return get


async def ask(session: aiohttp.ClientSession, method: str, url: str, body: Any = None) -> None:
    """One request as the frontend sends it; raises when the answer is not good."""
    headers = {}
    if method != "GET":
        headers["X-CSRF-Token"] = _cookie(session, CSRF_COOKIE)
    async with session.request(method, url, json=body, headers=headers) as response:
        text = await response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {url} answered {response.status}: {text[:200]!r}")


def _cookie(session: aiohttp.ClientSession, name: str) -> str:
    return next((cookie.value for cookie in session.cookie_jar if cookie.key == name), "")


async def signed_in(url: str, username: str, password: str, *, shared: bool) -> list[aiohttp.ClientSession]:
    """The sessions of one scenario; `shared`: one sign-in for all connections, else one each."""
    body = {"username": username, "password": password}
    sessions = []
    first: aiohttp.ClientSession | None = None
    for _ in range(CONNECTIONS):
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        sessions.append(session)
        if shared and first is not None:
            session.cookie_jar.update_cookies(_copied(first), URL(url))
            continue
        await ask(session, "POST", f"{url}/api/auth/login", body)
        first = first or session
    return sessions


def _copied(session: aiohttp.ClientSession) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in session.cookie_jar if cookie["path"] == "/"}
