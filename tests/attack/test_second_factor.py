"""A code that somebody saw over a shoulder is worth nothing: each lets in one browser, at whichever gateway."""

import asyncio

import pytest
from attack.browser import client
from attack.second_factor import Device, enabled
from system.ward import PASSWORD, Ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

BROWSERS = 4
REFUSED = {"detail": {"message": "Invalid two-factor code", "error_code": "invalid_totp"}}


async def _signs_in(url: str, device: Device, code: str) -> bool:
    """Whether a browser of its own gets in with the password and this code."""
    async with client(url) as browser:
        body = {"username": device.username, "password": PASSWORD, "totp_code": code}
        answer = await browser.post("/api/auth/login", json=body)
        if answer.status_code == 200:
            return True
        assert (answer.status_code, answer.json()) == (400, REFUSED)
        assert "set-cookie" not in answer.headers
        return False


async def _at_once(place: Ward, second_gateway: str, device: Device, code: str) -> list[bool]:
    urls = [place.system.url, second_gateway] * (BROWSERS // 2)
    return sorted(await asyncio.gather(*(_signs_in(url, device, code) for url in urls)))


async def test_a_time_step_lets_in_one_browser(place: Ward, second_gateway: str) -> None:
    device = await enabled(place)
    assert not await _signs_in(place.system.url, device, device.code(0))  # was used to switch the factor on
    assert await _at_once(place, second_gateway, device, device.code(1)) == [False] * (BROWSERS - 1) + [True]
    for url in (place.system.url, second_gateway):
        assert not await _signs_in(url, device, device.code(1))
        assert not await _signs_in(url, device, device.code(0))


async def test_a_recovery_code_lets_in_one_browser(place: Ward, second_gateway: str) -> None:
    device = await enabled(place)
    used, other = device.recovery_codes[:2]
    assert await _at_once(place, second_gateway, device, used) == [False] * (BROWSERS - 1) + [True]
    for spelling in (used, used.upper(), used.replace("-", ""), f" {used.replace('0', 'o')} "):
        assert not await _signs_in(second_gateway, device, spelling), spelling
    assert await _signs_in(place.system.url, device, other.upper())


async def test_the_codes_of_one_open_nothing_of_another(place: Ward) -> None:
    mine, theirs = await enabled(place), await enabled(place)
    for code in (mine.code(1), mine.recovery_codes[0]):
        assert not await _signs_in(place.system.url, theirs, code)
        assert await _signs_in(place.system.url, mine, code)
