"""No route that asks for a CSRF token takes anything but the token of the very session, sent both ways."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from attack.browser import Session, client, cookie, session
from quill_common.testing.refusals import detail_of
from quill_gateway.routes import ROUTES, Route
from system.ward import PASSWORD, Ward, account

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

GUARDED = [route for route in ROUTES if route.csrf]
UNGUARDED = [route for route in ROUTES if not route.csrf and route.method != "GET"]
NOBODY = 2**40
FILLS = {
    "patient_id": "x",
    "org_id": NOBODY,
    "user_id": NOBODY,
    "conversation_id": NOBODY,
    "feature_key": "epr",
    "session_id": "x",
    "composition_uid": "x",
    "version": 1,
}


@pytest.fixture(scope="module")
async def sessions(place: Ward) -> list[Session]:
    """Two sessions of one superadmin, and one of another."""
    _, name = await account(place.admin, "superadmin", "patient")
    _, other = await account(place.admin, "superadmin", "patient")
    return [await session(place.system.url, who, PASSWORD) for who in (name, name, other)]


@pytest.fixture(scope="module")
async def http(place: Ward) -> AsyncIterator[httpx.AsyncClient]:
    async with client(place.system.url) as kept:
        yield kept


def _forgeries(mine: Session, second: Session, other: Session) -> dict[str, dict[str, str]]:
    """Headers of a request in session `mine` whose CSRF token is not as it must be."""

    def both(token: str) -> dict[str, str]:
        return {**cookie(access_token=mine.access, XSRF_TOKEN=token), "X-CSRF-Token": token}

    head, claims, signature = mine.csrf.split(".")
    changed = "A" if signature[9] != "A" else "B"
    return {
        "neither": cookie(access_token=mine.access),
        "cookie only": cookie(access_token=mine.access, XSRF_TOKEN=mine.csrf),
        "header only": {**cookie(access_token=mine.access), "X-CSRF-Token": mine.csrf},
        "empty": {**cookie(access_token=mine.access, XSRF_TOKEN=""), "X-CSRF-Token": ""},
        "header of the own other session": {**cookie(**mine.cookies), "X-CSRF-Token": second.csrf},
        "both of the own other session": both(second.csrf),
        "both of somebody else": both(other.csrf),
        "another signature": both(f"{head}.{claims}.{signature[:9]}{changed}{signature[10:]}"),
        "claims of another": both(f"{head}.{other.csrf.split('.')[1]}.{signature}"),
        "no signature": both(f"{head}.{claims}."),
        "cut": both(mine.csrf[:-1]),
        "not a token": both("1"),
    }


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_a_forged_csrf_token_is_refused(http: httpx.AsyncClient, sessions: list[Session], route: Route) -> None:
    path = route.path.format(**FILLS)
    for name, headers in _forgeries(*sessions).items():
        answer = await http.request(route.method, path, headers=headers)
        assert (answer.status_code, detail_of(answer.json())) == (403, "CSRF failed"), name
    good = await http.request(route.method, path, headers=sessions[0].headers())
    assert "CSRF failed" not in good.text


@pytest.mark.parametrize("token", ["access", "refresh"])
async def test_another_token_of_the_session_is_no_csrf_token(
    http: httpx.AsyncClient, sessions: list[Session], token: str
) -> None:
    """All routes at once: an unknown key id is looked up once a second, and who asks meanwhile waits for that."""
    mine = sessions[0]
    other: str = getattr(mine, token)
    headers = {**cookie(access_token=mine.access, XSRF_TOKEN=other), "X-CSRF-Token": other}
    asked = [http.request(route.method, route.path.format(**FILLS), headers=headers) for route in GUARDED]
    for answer in await asyncio.gather(*asked):
        assert (answer.status_code, detail_of(answer.json())) == (403, "CSRF failed"), answer.url


def test_what_changes_something_and_asks_for_no_token_is_what_the_contract_names() -> None:
    assert {route.path for route in UNGUARDED} == {
        "/api/auth/login",
        "/api/auth/register",
        "/api/auth/forgot-password",
        "/api/auth/reset-password",
        "/api/auth/refresh",
        "/api/auth/logout",
        "/api/accept-invite",
        "/api/push/subscribe",
    }
