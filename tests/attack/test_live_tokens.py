"""Tokens that are still good by their date, of accounts and sessions that changed meanwhile."""

import asyncio
import secrets

import pytest
from access.scene import deactivate
from attack.browser import client, cookie, me, renewed, renewed_by, send, session, until_refused
from attack.test_tokens import ASKED
from quill_common.topology import SERVICES
from system.ward import PASSWORD, Ward, account, good

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

AT_MOST_SECONDS = 8.0  # a second by contract 1.4; a starved machine takes longer, but not until the next poll
TABS = 20
ROUNDS = 50


async def test_who_takes_the_name_of_a_renamed_account_gets_nothing_of_it(place: Ward) -> None:
    first, name = await account(place.admin)
    before = await session(place.system.url, name)
    renaming = {"username": f"u{secrets.token_hex(6)}"}
    await good(await place.admin.call("PATCH", f"/api/users/{first}", renaming))
    taking = {"name": name, "username": name, "email": f"{name}@example.com", "password": PASSWORD}
    second = (await good(await place.admin.call("POST", "/api/users", taking)))["id"]
    status, profile = await me(place.system.url, before.headers())
    assert (status, profile["id"], profile["username"]) == (200, first, renaming["username"])
    status, later = await renewed(place.system.url, before.refresh)
    assert later is not None
    assert (await me(place.system.url, later.headers()))[1]["id"] == first
    taken = await session(place.system.url, name)
    status, profile = await me(place.system.url, taken.headers())
    assert (status, profile["id"], profile["system_permissions"]) == (200, second, "patient")


async def test_the_tokens_of_a_deactivated_account_are_refused_everywhere(place: Ward, second_gateway: str) -> None:
    user_id, name = await account(place.admin, "superadmin", "patient")
    one, other = await session(place.system.url, name), await session(second_gateway, name)
    doors = [
        (url, path, held.headers())
        for url in (place.system.url, second_gateway)
        for path in ASKED.values()
        for held in (one, other)
    ]
    services = place.system.processes()
    doors += [(services[name]["url"], ASKED[name], {"Authorization": f"Bearer {one.access}"}) for name in SERVICES]
    for url, path, headers in doors:
        assert (await send(url, "GET", path, headers)).status_code in {200, 403}, (url, path)
    await deactivate(place.system, user_id)
    took = await asyncio.gather(*(until_refused(url, headers, path) for url, path, headers in doors))
    assert max(took) < AT_MOST_SECONDS
    for held in (one, other):
        assert (await renewed(place.system.url, held.refresh))[0] == 401
    refused = await send(place.system.url, "POST", "/api/auth/login", {}, {"username": name, "password": PASSWORD})
    assert (refused.status_code, refused.json()) == (400, {"detail": "Invalid credentials"})


async def test_a_session_that_ended_at_one_gateway_is_refused_at_another(place: Ward, second_gateway: str) -> None:
    _, name = await account(place.admin)
    ended, kept = await session(place.system.url, name), await session(place.system.url, name)
    for url in (place.system.url, second_gateway):
        assert (await me(url, ended.headers()))[0] == 200
    await good(await send(second_gateway, "POST", "/api/auth/logout", ended.headers()))
    assert (await me(second_gateway, ended.headers()))[0] == 401
    # A route of another service than auth, which asks no database whether the session lives.
    assert await until_refused(place.system.url, ended.headers(), ASKED["messaging"]) < AT_MOST_SECONDS
    assert (await renewed(place.system.url, ended.refresh))[0] == 401
    for url in (place.system.url, second_gateway):
        assert (await me(url, kept.headers()))[0] == 200


async def test_a_stolen_refresh_token_ends_the_browser_it_came_from_and_no_other(
    place: Ward, second_gateway: str
) -> None:
    _, name = await account(place.admin)
    browser, other_browser = await session(place.system.url, name), await session(place.system.url, name)
    stolen = browser.refresh
    _, newer = await renewed(place.system.url, stolen)
    assert newer is not None
    await _outlive_the_grace(place)
    refused = await send(second_gateway, "POST", "/api/auth/refresh", cookie(refresh_token=stolen))
    assert (refused.status_code, refused.json()) == (401, {"detail": "Bad refresh token"})
    assert "set-cookie" not in refused.headers
    assert (await me(second_gateway, newer.headers()))[0] == 401
    assert await until_refused(place.system.url, newer.headers(), ASKED["messaging"]) < AT_MOST_SECONDS
    assert (await renewed(place.system.url, newer.refresh))[0] == 401
    assert (await me(place.system.url, other_browser.headers()))[0] == 200
    assert (await renewed(place.system.url, other_browser.refresh))[0] == 200


async def test_a_thief_who_renews_first_is_found_out_by_the_owner(place: Ward) -> None:
    _, name = await account(place.admin)
    browser = await session(place.system.url, name)
    _, thief = await renewed(place.system.url, browser.refresh)
    assert thief is not None
    await _outlive_the_grace(place)
    assert (await renewed(place.system.url, browser.refresh))[0] == 401
    assert (await renewed(place.system.url, thief.refresh))[0] == 401
    assert (await me(place.system.url, thief.headers()))[0] == 401


async def test_many_tabs_of_one_browser_stay_signed_in(place: Ward, second_gateway: str) -> None:
    _, name = await account(place.admin)
    current = await session(place.system.url, name)
    async with client(place.system.url) as one, client(second_gateway) as other:
        for round_ in range(ROUNDS):
            answers = await asyncio.gather(*(renewed_by(http, current.refresh) for http in [one, other] * (TABS // 2)))
            assert [status for status, _ in answers] == [200] * TABS, round_
            sessions = [held for _, held in answers if held is not None]
            current = sessions[round_ % TABS]
            status, _ = await me(second_gateway, current.headers())
            assert status == 200, round_
    for held in sessions:
        assert (await me(place.system.url, held.headers()))[0] == 200
    assert (await renewed(place.system.url, current.refresh))[0] == 200


async def _outlive_the_grace(place: Ward) -> None:
    """Let the 30 seconds pass in which a used refresh token is still good."""
    await place.system.query("UPDATE auth.refresh_token SET used_at = used_at - interval '31 seconds'")
