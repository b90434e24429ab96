"""What another site's page asks for is refused on every route that changes something, with or without a CSRF token."""

from collections.abc import AsyncIterator

import httpx
import pytest
from attack.browser import Session, client, cookie, send, session
from attack.test_csrf import FILLS
from quill_common.testing.refusals import detail_of
from quill_gateway.routes import ROUTES, Route
from system.ward import PASSWORD, Ward, account

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

UNSAFE = [route for route in ROUTES if route.method != "GET"]
ELSEWHERE = "https://quill.example.net"
Headers = list[tuple[str, str]]


def _from_elsewhere(url: str) -> dict[str, Headers]:
    """What browsers say of a page that is not ours, and what somebody might make them say."""
    return {
        "cross-site": [("Sec-Fetch-Site", "cross-site")],
        "same-site": [("Sec-Fetch-Site", "same-site")],
        "no such word": [("Sec-Fetch-Site", "Same-Origin")],
        "empty": [("Sec-Fetch-Site", "")],
        "twice": [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        "cross-site with our origin": [("Sec-Fetch-Site", "cross-site"), ("Origin", url)],
        "another origin": [("Origin", ELSEWHERE)],
        "null": [("Origin", "null")],
        "another port": [("Origin", "http://127.0.0.1:1")],
        "ours and more": [("Origin", f"{url}.example.net")],
        "more and ours": [("Origin", f"http://example.net@{url.removeprefix('http://')}")],
        "another scheme": [("Origin", url.replace("http", "file"))],
        "two origins": [("Origin", url), ("Origin", ELSEWHERE)],
        "forwarded": [("Origin", ELSEWHERE), ("X-Forwarded-Host", "quill.example.net")],
    }


@pytest.fixture(scope="module")
async def mine(place: Ward) -> Session:
    _, name = await account(place.admin, "superadmin", "patient")
    return await session(place.system.url, name, PASSWORD)


@pytest.fixture(scope="module")
async def http(place: Ward) -> AsyncIterator[httpx.AsyncClient]:
    async with client(place.system.url) as kept:
        yield kept


@pytest.mark.parametrize("route", UNSAFE, ids=lambda route: f"{route.method} {route.path}")
async def test_another_site_changes_nothing(place: Ward, http: httpx.AsyncClient, mine: Session, route: Route) -> None:
    path = route.path.format(**FILLS)
    for name, headers in _from_elsewhere(place.system.url).items():
        answer = await http.request(route.method, path, headers=[*mine.headers().items(), *headers])
        assert (answer.status_code, detail_of(answer.json())) == (403, "CSRF failed"), name
        assert "set-cookie" not in answer.headers, name


async def test_nobody_is_signed_in_to_the_account_of_an_attacker(place: Ward, http: httpx.AsyncClient) -> None:
    _, name = await account(place.admin)
    body = {"username": name, "password": PASSWORD}
    for case, headers in _from_elsewhere(place.system.url).items():
        refused = await http.post("/api/auth/login", json=body, headers=headers)
        assert (refused.status_code, refused.json()) == (403, {"detail": "CSRF failed"}), case
        assert "set-cookie" not in refused.headers, case
    at_home = await send(place.system.url, "POST", "/api/auth/login", {"Origin": place.system.url}, body)
    assert at_home.status_code == 200
    own = cookie(access_token=at_home.cookies["access_token"])
    listed = await send(place.system.url, "GET", "/api/auth/sessions", own)
    assert len(listed.json()["sessions"]) == 1  # only the last began


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_our_own_page_is_served(place: Ward, mine: Session, site: str) -> None:
    headers = {**mine.headers(), "Sec-Fetch-Site": site, "Origin": place.system.url}
    answer = await send(place.system.url, "POST", "/api/users", headers, {})
    assert answer.status_code == 422
