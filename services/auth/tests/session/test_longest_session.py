"""A session ends for good a set time after its sign-in, however often it is renewed."""

import pytest
from quill_auth.session.repository import forget_expired
from quill_auth.testing.people import PASSWORD, People, Visitor, cookies_of
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

DAY = 86_400
LEFT = "SELECT extract(epoch FROM expires_at - clock_timestamp()) AS seconds FROM session"


@pytest.fixture
async def ada(people: People) -> Visitor:
    return await people.visitor()


@pytest.fixture
def one_hour(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator allows sessions of an hour."""
    monkeypatch.setattr(kit.app.state.auth.settings, "session_max_hours", 1)


async def grow_older(kit: ServiceKit, age: str) -> None:
    """The sign-in was `age` ago; everything else is fresh."""
    await kit.write(
        text("UPDATE session SET created_at = clock_timestamp() - CAST(:age AS text)::interval"), {"age": age}
    )


async def test_a_renewal_ends_no_later_than_the_session_may_last(kit: ServiceKit, people: People, ada: Visitor) -> None:
    await grow_older(kit, "29 days")
    cookies = cookies_of(await people.refresh(ada.refresh))
    assert DAY - 60 < (await kit.read(LEFT))[0]["seconds"] <= DAY
    assert DAY - 60 < int(cookies["refresh_token"]["max-age"]) <= DAY
    refresh = await kit.parts.tokens.refresh(cookies["refresh_token"].value)
    csrf = await kit.parts.tokens.csrf(cookies["XSRF-TOKEN"].value)
    assert DAY - 60 < refresh.expires_at - refresh.issued_at <= DAY
    assert csrf.expires_at <= refresh.expires_at + 1
    assert cookies["access_token"]["max-age"] == "900"


async def test_no_access_token_outlives_its_session(kit: ServiceKit, people: People, ada: Visitor) -> None:
    await grow_older(kit, "29 days 23 hours 58 minutes")
    cookies = cookies_of(await people.refresh(ada.refresh))
    for name in ("access_token", "refresh_token", "XSRF-TOKEN"):
        assert 60 < int(cookies[name]["max-age"]) <= 120
    access = await kit.parts.tokens.access(cookies["access_token"].value)
    ends = (await kit.read("SELECT extract(epoch FROM expires_at) AS at FROM session"))[0]["at"]
    assert access.expires_at <= ends + 1


async def test_after_it_nothing_renews_and_nobody_is_signed_in(kit: ServiceKit, people: People, ada: Visitor) -> None:
    await grow_older(kit, "30 days 1 second")
    for _ in range(2):
        response = await people.refresh(ada.refresh)
        assert (response.status_code, response.json()) == (401, {"detail": "Bad refresh token"})
    assert (await people.login(ada.username)).status_code == 200


async def test_many_renewals_do_not_move_the_end(kit: ServiceKit, people: People, ada: Visitor) -> None:
    await grow_older(kit, "29 days 12 hours")
    token, ends = ada.refresh, set()
    for _ in range(5):
        token = cookies_of(await people.refresh(token))["refresh_token"].value
        ends.add((await kit.read("SELECT expires_at FROM session"))[0]["expires_at"])
    assert len(ends) == 1


@pytest.mark.usefixtures("one_hour")
async def test_a_short_limit_holds_from_the_sign_in_on(kit: ServiceKit, people: People) -> None:
    await people.account(username="ben")
    cookies = cookies_of(await people.login("ben", PASSWORD))
    assert (cookies["refresh_token"]["max-age"], cookies["access_token"]["max-age"]) == ("3600", "900")
    assert 3590 < (await kit.read(LEFT))[0]["seconds"] <= 3600


@pytest.mark.usefixtures("one_hour")
async def test_a_limit_that_was_lowered_holds_for_sessions_of_before(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    await grow_older(kit, "61 minutes")
    await kit.write(text("UPDATE session SET expires_at = clock_timestamp() + interval '6 days'"))
    assert (await people.refresh(ada.refresh)).json() == {"detail": "Bad refresh token"}


async def test_an_unhurried_session_gets_the_contracts_lifetimes(people: People, ada: Visitor) -> None:
    cookies = cookies_of(await people.refresh(ada.refresh))
    ages = {name: cookie["max-age"] for name, cookie in cookies.items()}
    assert ages == {"access_token": "900", "refresh_token": "604800", "XSRF-TOKEN": "900"}


async def test_what_ended_or_expired_is_forgotten_a_day_after_it_could_have_been_used(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    kept, ended = await people.visitor(), await people.visitor()
    await ended.client.delete(f"/api/auth/sessions/{await people.session_of(ended)}")
    aged = "UPDATE session SET expires_at = clock_timestamp() - interval '25 hours' WHERE user_id != :kept"
    await kit.write(text(aged), {"kept": kept.id})
    async with kit.parts.database.writer() as writer:
        assert await forget_expired(writer) == 2
    assert [row["user_id"] for row in await kit.read("SELECT user_id FROM session")] == [kept.id]
    assert len(await kit.read("SELECT session_id FROM refresh_token")) == 1
