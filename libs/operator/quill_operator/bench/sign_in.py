"""Whether the time of a refusal tells who has an account (contract A6)."""

import secrets
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from quill_operator.bench.timing import WARM_UP, Compared, Try, compare
from quill_operator.visitor import Visitor

# Each account is asked for few times: beyond five reset mails an hour the work is another one (contract 4.3).
ACCOUNTS: Final = 60
MOST_TRIES: Final = 5 * ACCOUNTS - WARM_UP
AIM_MS: Final = 2.0


class NotAnswered(RuntimeError):
    """A request was answered otherwise than it must be to be measured; the text says how."""


@dataclass(frozen=True)
class Question:
    """A request that must be answered alike for a known and an unknown one; `body` is made from a name."""

    name: str
    path: str
    status: int

    def body(self, username: str) -> dict[str, str]:
        if self.path.endswith("/login"):
            return {"username": username, "password": "not the password"}
        return {"email": _address(username)}


QUESTIONS: Final = (
    Question("sign-in", "/api/auth/login", 400),
    Question("forgot-password", "/api/auth/forgot-password", 200),
)


async def accounts(url: str, admin_username: str, admin_password: str) -> list[str]:
    """Make accounts; their names."""
    names = _names()
    async with Visitor(url) as admin:
        (await admin.sign_in(admin_username, admin_password)).raise_for_status()
        for name in names:
            body = {"name": name, "username": name, "email": _address(name), "password": secrets.token_urlsafe(16)}
            (await admin.call("POST", "/api/users", body)).raise_for_status()
    return names


async def measure(url: str, question: Question, known: list[str], tries: int) -> Compared:
    """Compare the known names with as many that nobody has. Raises NotAnswered."""
    async with aiohttp.ClientSession() as http:
        return await compare(_asking(http, url, question, known), _asking(http, url, question, _names()), tries)


def _asking(http: aiohttp.ClientSession, url: str, question: Question, names: list[str]) -> Try:
    async def ask(number: int) -> None:
        body: Any = question.body(names[number % len(names)])
        async with http.post(f"{url}{question.path}", json=body) as response:
            text = await response.read()
            if response.status != question.status:
                raise NotAnswered(f"{question.path} answered {response.status}: {text[:200].decode(errors='replace')}")

    return ask


def _names() -> list[str]:
    return [f"bench.{secrets.token_hex(6)}" for _ in range(ACCOUNTS)]


def _address(username: str) -> str:
    return f"{username}@example.org"
