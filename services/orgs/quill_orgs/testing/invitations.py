"""What tests of invitations have in common."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx

PATIENT: Final = "p-1"
PASSWORD: Final = "a quiet Tuesday"

Invite = Callable[..., Awaitable[str]]
"""`await invite(email, user_type, by=person, about=patient_id)`: the token; all have defaults."""
Accept = Callable[..., Awaitable[tuple[int, Any]]]
"""`await accept(token, username, password)`: the status and the answer."""


async def send(client: httpx.AsyncClient, token: Any, username: Any = "gp", password: Any = PASSWORD) -> httpx.Response:
    """Accept an invitation."""
    body = {"token": token, "username": username, "password": password}
    return await client.post("/api/accept-invite", json=body)
