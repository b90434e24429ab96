"""Accounts and sessions from end to end: what operators and people end is over, everywhere and at once."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import PASSWORD, account, good

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

REACHED_WITHIN = 8.0  # sooner than the gateway's next poll; mostly in half a second
SESSIONS = "/api/auth/sessions"
ELSEWHERE = "/api/patients"
"""Of a service that does not look at sessions itself: only the gateway can refuse here."""


async def quill(system: RunningSystem, *words: str, stdin: str = "", code: int = 0) -> str:
    """What a command printed; it must end with `code`."""
    done = await asyncio.to_thread(system.command, *words, stdin=stdin)
    printed = done.stdout + done.stderr
    assert done.returncode == code, printed
    return printed


async def refused_within(seconds: float, ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    """Return when `ask` is answered 401; it must be within `seconds`."""
    deadline = time.monotonic() + seconds
    while (await ask()).status_code != 401:
        assert time.monotonic() < deadline, f"still let in after {seconds} seconds"
        await asyncio.sleep(0.02)


async def test_an_account_from_its_making_to_its_end(system: RunningSystem) -> None:
    name = f"u{secrets.token_hex(6)}"
    words = ("users", "create", name, "--email", f"{name}@example.org", "--level", "staff")
    assert "Password too common" in await quill(system, *words, stdin="password1\n", code=1)
    assert f"{name} can sign in" in await quill(system, *words, stdin=f"{PASSWORD}\n")
    assert "already" in await quill(system, *words, stdin=f"{PASSWORD}\n", code=1)
    assert "has Clinician" in await quill(system, "users", "roles", name, "Clinician")
    assert "unknown role" in await quill(system, "users", "roles", name, "Wizard", code=1)
    assert "Clinician" in await quill(system, "users", "show", name)

    somebody, other = await system.visitor(name, PASSWORD), await system.visitor(name, PASSWORD)
    me = await good(await somebody.call("GET", "/api/auth/me"))
    assert me["roles"] == ["Clinician"]
    own = (await good(await somebody.call("GET", SESSIONS)))["sessions"]
    current = next(one["id"] for one in own if one["current"])
    assert current in await quill(system, "sessions", "list", str(me["id"]))

    assert "1 session" in await quill(system, "sessions", "revoke", name, "--session", current)
    await refused_within(REACHED_WITHIN, lambda: somebody.call("GET", ELSEWHERE))
    assert (await somebody.call("POST", "/api/auth/refresh")).status_code == 401
    assert "Session not found" in await quill(system, "sessions", "revoke", name, "--session", current, code=1)
    await good(await other.call("GET", ELSEWHERE))
    assert "1 session" in await quill(system, "sessions", "revoke", name)
    await refused_within(REACHED_WITHIN, lambda: other.call("GET", ELSEWHERE))

    again = await system.visitor(name, PASSWORD)
    assert "switched off" in await quill(system, "users", "deactivate", name)
    await refused_within(REACHED_WITHIN, lambda: again.call("GET", ELSEWHERE))
    late = Visitor(system.url)
    async with late:
        assert (await late.sign_in(name, PASSWORD)).json() == {"detail": "Invalid credentials"}
        assert "can sign in again" in await quill(system, "users", "activate", name)
        assert (await late.sign_in(name, PASSWORD)).status_code == 200
    assert "signed in nowhere" not in await quill(system, "sessions", "list", name)
    assert "There is no account" in await quill(system, "users", "deactivate", "nobody at all", code=1)


async def test_the_last_superadmin_stays_also_for_operators(system: RunningSystem) -> None:
    others = await system.query(
        "SELECT username FROM auth.users WHERE system_permissions = 'superadmin' AND is_active AND username <> 'admin'"
    )
    for other in others:  # of tests that used this system before
        await quill(system, "users", "deactivate", other["username"])
    printed = await quill(system, "users", "deactivate", "admin", code=1)
    assert "At least one active superadmin must remain" in printed
    assert "admin" in await quill(system, "users", "list")


async def test_what_people_end_is_over_at_once_at_their_gateway(system: RunningSystem) -> None:
    admin = await system.visitor()
    user_id, name = await account(admin)
    one, two, three = [await system.visitor(name, PASSWORD) for _ in range(3)]
    shown = (await good(await one.call("GET", SESSIONS)))["sessions"]
    assert len(shown) == 3
    assert {session["address"] for session in shown} == {"127.0.0.1"}
    assert all("python-httpx" in session["device"] for session in shown)

    second = next(s["id"] for s in (await good(await two.call("GET", SESSIONS)))["sessions"] if s["current"])
    forged = await one.call("DELETE", f"{SESSIONS}/{second}", headers={"X-CSRF-Token": "x"})
    assert (forged.status_code, forged.json()) == (403, {"detail": "CSRF failed"})
    assert await good(await one.call("DELETE", f"{SESSIONS}/{second}")) == {"detail": "ended", "ended": 1}
    assert (await two.call("GET", ELSEWHERE)).status_code == 401
    assert await good(await one.call("DELETE", SESSIONS)) == {"detail": "ended", "ended": 1}
    assert (await three.call("GET", ELSEWHERE)).status_code == 401

    path = f"/api/users/{user_id}"
    for method, place in (("DELETE", f"{path}/sessions"), ("POST", f"{path}/deactivate"), ("POST", f"{path}/activate")):
        bare = await admin.call(method, place, headers={"X-CSRF-Token": ""})
        assert (bare.status_code, bare.json()) == (403, {"detail": "CSRF failed"})
    assert await good(await admin.call("DELETE", f"{path}/sessions")) == {"detail": "ended", "ended": 1}
    answer = await one.call("GET", ELSEWHERE)
    assert (answer.status_code, "x-quill-revoked-sessions" in answer.headers) == (401, False)

    again = await system.visitor(name, PASSWORD)
    assert (await good(await admin.call("POST", f"{path}/deactivate")))["is_active"] is False
    assert (await again.call("GET", ELSEWHERE)).status_code == 401
    assert (await good(await admin.call("POST", f"{path}/activate")))["is_active"] is True


async def test_ending_the_session_that_asks_takes_its_cookies(system: RunningSystem) -> None:
    admin = await system.visitor()
    _, name = await account(admin)
    somebody = await system.visitor(name, PASSWORD)
    [own] = (await good(await somebody.call("GET", SESSIONS)))["sessions"]
    await good(await somebody.call("DELETE", f"{SESSIONS}/{own['id']}"))
    assert dict(somebody.http.cookies) == {}
