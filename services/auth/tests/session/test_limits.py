"""How often somebody may try to sign in, register and renew (contract 1.6)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from ipaddress import IPv4Address
from itertools import chain, count
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from quill_auth.account.tables import User
from quill_auth.app import create_app
from quill_auth.settings import Settings
from quill_auth.testing.people import PASSWORD, People
from quill_common.testing.kit import ServiceKit, service_kit
from sqlalchemy import update

GUESS = "an empty guess"


@pytest.fixture(scope="module")
async def limited(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceKit]:
    directory: Path = tmp_path_factory.mktemp("limited")
    keep = frozenset({"roles"})
    async with service_kit(
        "auth",
        create_app,
        Settings,
        postgres_url,
        directory,
        keep=keep,
        rate_limits=True,
        limit_refresh="4 per 1 minute",
    ) as kit:
        yield kit


@pytest.fixture
def addresses() -> Iterator[str]:
    """Addresses that no other test has."""
    return _ADDRESSES


_ADDRESSES = (str(IPv4Address("10.0.0.1") + number) for number in count())


async def _login(kit: ServiceKit, address: str, username: Any, password: Any = GUESS) -> httpx.Response:
    body = {"username": username, "password": password}
    return await kit.anonymous.post("/api/auth/login", json=body, headers={"X-Forwarded-For": address})


def _verifications(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords are compared with from now on."""
    seen: list[str] = []
    passwords = kit.app.state.auth.passwords
    matches = passwords._matches

    def noted(stored: str, given: str) -> bool:
        seen.append(stored)
        return bool(matches(stored, given))

    monkeypatch.setattr(passwords, "_matches", noted)
    return seen


async def test_five_sign_ins_a_minute_from_one_address_good_or_bad(
    limited: ServiceKit, addresses: Iterator[str]
) -> None:
    people, address = People(limited), next(addresses)
    await people.account(username="often")
    tried = [("often", PASSWORD), ("nobody", "x"), ("often", PASSWORD), (5, "x"), (None, None)]
    answers = [await _login(limited, address, *each) for each in tried]
    assert [answer.status_code for answer in answers] == [200, 400, 200, 422, 422]
    refused = await _login(limited, address, "often", PASSWORD)
    assert refused.status_code == 429
    text = "Rate limit exceeded: 5 per 1 minute"
    assert refused.json() == {"error": text, "detail": text}
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "set-cookie" not in refused.headers
    assert (await _login(limited, next(addresses), "often", PASSWORD)).status_code == 200


async def test_three_registrations_a_minute_from_one_address(limited: ServiceKit, addresses: Iterator[str]) -> None:
    headers = {"X-Forwarded-For": next(addresses)}
    answers = [await limited.anonymous.post("/api/auth/register", json={}, headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert answers[3].json()["error"] == "Rate limit exceeded: 3 per 1 minute"


async def test_renewals_are_counted_by_session_and_bad_tokens_by_none(
    limited: ServiceKit, addresses: Iterator[str]
) -> None:
    people = People(limited)
    await people.account(username="renewing")
    first, second = [(await _signed_in(people, next(addresses), "renewing")) for _ in range(2)]
    for bad in ("bad", first[:-3], ""):
        assert [(await people.refresh(bad)).status_code for _ in range(6)] == [401] * 6
    assert [(await people.refresh(first)).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    assert (await people.refresh(second)).status_code == 200


async def _signed_in(people: People, address: str, username: str) -> str:
    answer = await _login(people.kit, address, username, PASSWORD)
    token: str = answer.cookies["refresh_token"]
    return token


@pytest.mark.parametrize("username", ["guessed", "unknown"])
async def test_ten_failures_in_one_name_close_it_known_or_not_to_the_right_password_too(
    limited: ServiceKit, addresses: Iterator[str], monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    if username == "guessed":
        await People(limited).account(username=username)
    seen = _verifications(limited, monkeypatch)
    answers = [await _login(limited, next(addresses), f" {username} ") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    refused = await _login(limited, next(addresses), username, PASSWORD)
    text = "Rate limit exceeded: 10 per 15 minute"
    assert (refused.status_code, refused.json()) == (429, {"error": text, "detail": text})
    assert 600 <= int(refused.headers["Retry-After"]) <= 900
    assert len(seen) == 10


async def test_inactive_accounts_are_closed_alike(limited: ServiceKit, addresses: Iterator[str]) -> None:
    await People(limited).account(username="left", is_active=False)
    answers = [await _login(limited, next(addresses), "left", PASSWORD) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]


async def test_good_sign_ins_do_not_count_however_many_at_once(limited: ServiceKit, addresses: Iterator[str]) -> None:
    """A hospital's shared service account."""
    await People(limited).account(username="shared")
    for _ in range(9):
        assert (await _login(limited, next(addresses), "shared")).status_code == 400
    answers = await asyncio.gather(*(_login(limited, next(addresses), "shared", PASSWORD) for _ in range(12)))
    assert [answer.status_code for answer in answers] == [200] * 12
    assert (await _login(limited, next(addresses), "shared")).status_code == 400
    assert (await _login(limited, next(addresses), "shared", PASSWORD)).status_code == 429


async def test_a_burst_of_guesses_does_not_slip_past(
    limited: ServiceKit, addresses: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await People(limited).account(username="burst")
    seen = _verifications(limited, monkeypatch)
    answers = await asyncio.gather(*(_login(limited, next(addresses), "burst") for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [400] * 10 + [429] * 40
    assert len(seen) == 10


async def test_ten_thousand_guesses_at_one_account_are_ten(
    limited: ServiceKit, addresses: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await People(limited).account(username="besieged")
    seen = _verifications(limited, monkeypatch)
    # Each guess has an address of its own: their limits would refuse none, and only cost the test its time.
    monkeypatch.setitem(cast(dict[str, object], limited.parts.limits._limits), "login", None)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(limited.anonymous) for _ in range(8)]

        async def besiege(client: httpx.AsyncClient) -> list[int]:
            body = {"username": "besieged", "password": "guess"}
            url = "/api/auth/login"
            return [
                (await client.post(url, json=body, headers={"X-Forwarded-For": next(addresses)})).status_code
                for _ in range(1250)
            ]

        statuses = list(chain.from_iterable(await asyncio.gather(*map(besiege, clients))))
    told = Counter(statuses)
    assert (told[400], set(told)) == (10, {400, 429}) or set(told) == {400, 429, 503}, told
    assert len(seen) == 10


async def test_a_sign_in_that_could_not_be_decided_does_not_count(
    limited: ServiceKit, addresses: Iterator[str]
) -> None:
    await People(limited).account(username="unlucky")
    async with limited.failing_commits("session"):
        for _ in range(11):
            assert (await _login(limited, next(addresses), "unlucky", PASSWORD)).status_code >= 500
    assert (await _login(limited, next(addresses), "unlucky", PASSWORD)).status_code == 200


async def test_two_instances_of_auth_count_together(limited: ServiceKit, addresses: Iterator[str]) -> None:
    await People(limited).account(username="twice")
    values: dict[str, Any] = {
        "database_url": limited.database.urls["auth"],
        "data_dir": limited.directory,
        "log_level": "ERROR",
    }
    app = create_app(Settings(**values), isolated=True, keys=limited.keys)
    async with app.router.lifespan_context(app):
        other = ServiceKit("auth", app, limited.database, limited.keys, limited.directory)
        kits = [limited, other] * 10
        answers = await asyncio.gather(*(_login(kit, next(addresses), "twice") for kit in kits))
        assert sorted(answer.status_code for answer in answers) == [400] * 10 + [429] * 10
        address = next(addresses)
        answers = await asyncio.gather(*(_login(kit, address, f"name {n}") for n, kit in enumerate(kits)))
        assert sorted(answer.status_code for answer in answers) == [400] * 5 + [429] * 15


async def _access(kit: ServiceKit, address: str, username: str) -> httpx.AsyncClient:
    return kit.client((await _login(kit, address, username, PASSWORD)).cookies["access_token"])


@pytest.mark.parametrize("must_have_one", [False, True])
async def test_a_second_factor_is_guessed_five_times_a_minute_whatever_the_session(
    limited: ServiceKit, addresses: Iterator[str], monkeypatch: pytest.MonkeyPatch, must_have_one: bool
) -> None:
    levels = frozenset({"staff"}) if must_have_one else frozenset[str]()
    monkeypatch.setattr(limited.app.state.auth.settings, "second_factor_levels", levels)
    _, name = await People(limited).account("staff", username=f"guessing{must_have_one}")
    clients = [await _access(limited, next(addresses), name) for _ in range(2)]
    await clients[0].post("/api/auth/totp/setup")
    answers = [await clients[turn % 2].post("/api/auth/totp/verify", json={"code": "guess"}) for turn in range(6)]
    assert [answer.status_code for answer in answers] == [400] * 5 + [429]


@pytest.mark.parametrize("path", ["disable", "recovery-codes"])
async def test_what_takes_the_second_factor_away_is_limited_too(
    limited: ServiceKit, addresses: Iterator[str], path: str
) -> None:
    _, name = await People(limited).account(username=f"undoing {path}")
    client = await _access(limited, next(addresses), name)
    answers = [await client.post(f"/api/auth/totp/{path}", json={"code": "guess"}) for _ in range(6)]
    assert [answer.status_code for answer in answers][-2:] == [200 if path == "disable" else 400, 429]


async def test_wrong_codes_close_the_name_and_missing_ones_do_not(
    limited: ServiceKit, addresses: Iterator[str]
) -> None:
    user_id, name = await People(limited).account(username="two factors")
    sealed = limited.app.state.auth.totp_secrets.seal(user_id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    await limited.write(update(User).where(User.id == user_id).values(totp_secret=sealed, is_totp_enabled=True))
    body = {"username": name, "password": PASSWORD}

    async def sign_in(code: str) -> int:
        headers = {"X-Forwarded-For": next(addresses)}
        answer = await limited.anonymous.post("/api/auth/login", json={**body, "totp_code": code}, headers=headers)
        return answer.status_code

    assert [await sign_in("") for _ in range(11)] == [400] * 11
    assert [await sign_in("guess") for _ in range(11)] == [400] * 10 + [429]
