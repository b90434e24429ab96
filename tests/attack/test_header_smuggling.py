"""Whoever somebody is stands in the cookies alone: no header makes anybody somebody else."""

import pytest
from attack.browser import Session, cookie, me, raw, send, session
from system.ward import PASSWORD, Ward, account

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
async def small(place: Ward) -> tuple[int, Session]:
    """A patient: an account that may do next to nothing."""
    user_id, name = await account(place.admin, "patient", "patient")
    return user_id, await session(place.system.url, name, PASSWORD)


@pytest.fixture(scope="module")
async def big(place: Ward) -> tuple[int, Session]:
    """A superadmin, whose tokens have leaked."""
    user_id, name = await account(place.admin, "superadmin", "patient")
    return user_id, await session(place.system.url, name, PASSWORD)


def _smuggled(user_id: int, stolen: Session) -> dict[str, dict[str, str]]:
    """Headers by which one part of Quill tells another who calls, or that servers are known to believe."""
    bearer = f"Bearer {stolen.access}"
    return {
        "authorization": {"Authorization": bearer},
        "nominated authorization": {"Authorization": bearer, "Connection": "authorization, close"},
        "proxy": {"Proxy-Authorization": bearer, "X-Forwarded-User": str(user_id), "X-Remote-User": str(user_id)},
        "quill": {
            "X-Quill-User": str(user_id),
            "X-Quill-User-Id": str(user_id),
            "X-Quill-Level": "superadmin",
            "X-Quill-Session": stolen.access,
            "X-Quill-Refresh-Token": stolen.refresh,
            "X-Quill-Revoked-Sessions": "*",
        },
        "underscores": {"X_Quill_Refresh_Token": stolen.refresh, "X_Authorization": bearer},
        "another path": {"X-Original-URL": "/internal/projections", "X-Rewrite-URL": "/internal/projections"},
        "another method": {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"},
        "forwarded": {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "127.0.0.1"},
    }


async def test_nobody_becomes_somebody(place: Ward, big: tuple[int, Session]) -> None:
    for name, headers in _smuggled(*big).items():
        assert await me(place.system.url, headers) == (401, {"detail": "Not authenticated"}), name
        refused = await send(place.system.url, "POST", "/api/auth/refresh", headers)
        assert (refused.status_code, refused.json()) == (401, {"detail": "No refresh token"}), name
        assert "set-cookie" not in refused.headers


async def test_nobody_becomes_somebody_else(place: Ward, small: tuple[int, Session], big: tuple[int, Session]) -> None:
    user_id, own = small
    for name, headers in _smuggled(*big).items():
        status, profile = await me(place.system.url, {**own.headers(), **headers})
        assert (status, profile["id"], profile["system_permissions"]) == (200, user_id, "patient"), name
        listed = await send(place.system.url, "GET", "/api/organizations", {**own.headers(), **headers})
        assert listed.status_code == 403, name


async def test_a_renewal_is_of_the_cookies_session(
    place: Ward, small: tuple[int, Session], big: tuple[int, Session]
) -> None:
    stolen = big[1].refresh
    headers = {
        **cookie(refresh_token=small[1].refresh),
        "X-Quill-Refresh-Token": stolen,
        "x_quill_refresh_token": stolen,
    }
    answer = await send(place.system.url, "POST", "/api/auth/refresh", headers)
    assert answer.status_code == 200
    status, profile = await me(place.system.url, cookie(access_token=answer.cookies["access_token"]))
    assert (status, profile["id"]) == (200, small[0])


async def test_the_address_of_a_session_is_where_it_was_used(place: Ward) -> None:
    made_up = {
        "X-Forwarded-For": "198.51.100.7",
        "Forwarded": "for=198.51.100.7",
        "X-Real-IP": "198.51.100.7",
        "True-Client-IP": "198.51.100.7",
    }
    _, name = await account(place.admin)
    body = {"username": name, "password": PASSWORD}
    begun = await send(place.system.url, "POST", "/api/auth/login", made_up, body)
    renewal = {**cookie(refresh_token=begun.cookies["refresh_token"]), **made_up}
    renewed = await send(place.system.url, "POST", "/api/auth/refresh", renewal)
    for answer in (begun, renewed):
        headers = {**cookie(access_token=answer.cookies["access_token"]), **made_up}
        listed = await send(place.system.url, "GET", "/api/auth/sessions", headers)
        assert [one["address"] for one in listed.json()["sessions"]] == ["127.0.0.1"]


async def test_of_two_cookies_of_one_name_the_first_counts(
    place: Ward, small: tuple[int, Session], big: tuple[int, Session]
) -> None:
    twice = {"Cookie": f"access_token={small[1].access}; access_token={big[1].access}"}
    assert (await me(place.system.url, twice))[1]["id"] == small[0]
    head = f"Cookie: access_token={small[1].access}\r\nCookie: access_token={big[1].access}\r\n".encode()
    status, rest = await raw(
        place.system.url, b"GET /api/auth/me HTTP/1.1\r\nHost: quill\r\nConnection: close\r\n" + head + b"\r\n"
    )
    assert status == 200
    assert f'"id":{small[0]},'.encode() in rest.replace(b" ", b"")


async def test_a_second_request_hidden_in_a_body_is_not_answered(place: Ward, big: tuple[int, Session]) -> None:
    hidden = b"GET /internal/revocations HTTP/1.1\r\nHost: auth\r\n\r\n"
    for framing in (
        b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(hidden),
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(hidden),
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: +0\r\n",
    ):
        head = b"POST /api/auth/logout HTTP/1.1\r\nHost: quill\r\nConnection: close\r\n" + framing + b"\r\n"
        status, rest = await raw(place.system.url, head + hidden)
        assert status in {400, 401}, framing
        assert rest.count(b"HTTP/1.1") == 0, framing
        assert b"cursor" not in rest
