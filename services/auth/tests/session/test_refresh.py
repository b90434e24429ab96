"""Renewing a session: rotation, grace, reuse."""

import asyncio

import pytest
from quill_auth.testing.people import People, Visitor, cookies_of
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

AGE = text("UPDATE refresh_token SET used_at = used_at - interval '31 seconds'")


async def age(kit: ServiceKit) -> None:
    """Let the grace of every used token pass."""
    await kit.write(AGE)


async def renewed(people: People, token: str) -> str:
    response = await people.refresh(token)
    assert response.status_code == 200, response.text
    return cookies_of(response)["refresh_token"].value


@pytest.fixture
async def ada(people: People) -> Visitor:
    return await people.visitor("staff", roles=("Clinician",))


async def test_a_refresh_answers_new_cookies_of_the_same_session(kit: ServiceKit, people: People, ada: Visitor) -> None:
    response = await people.refresh(ada.refresh)
    assert (response.status_code, response.json()) == (200, {"detail": "refreshed"})
    cookies = cookies_of(response)
    assert set(cookies) == {"access_token", "refresh_token", "XSRF-TOKEN"}
    claims = await kit.parts.tokens.access(cookies["access_token"].value)
    assert claims.session_id == await people.session_of(ada)
    assert claims.roles == ("Clinician",)
    assert cookies["refresh_token"].value != ada.refresh
    assert (await kit.client(cookies["access_token"].value).get("/api/auth/me")).status_code == 200


async def test_rights_are_read_afresh(kit: ServiceKit, people: People, ada: Visitor) -> None:
    admin = await people.visitor("admin")
    await admin.client.patch(f"/api/users/{ada.id}", json={"roles": [], "base_profession": "receptionist"})
    cookies = cookies_of(await people.refresh(ada.refresh))
    claims = await kit.parts.tokens.access(cookies["access_token"].value)
    assert (claims.roles, claims.competencies) == ((), ("access_clinic_admin",))


async def test_twenty_refreshes_of_one_token_at_once_all_succeed(kit: ServiceKit, people: People, ada: Visitor) -> None:
    answers = await asyncio.gather(*(people.refresh(ada.refresh) for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    # All lead to the one next token, so the family has no branches.
    ids = {(await kit.parts.tokens.refresh(cookies_of(answer)["refresh_token"].value)).token_id for answer in answers}
    assert len(ids) == 1
    assert len(await kit.read("SELECT generation FROM refresh_token")) == 2


async def test_after_parallel_refreshes_the_session_goes_on_and_on(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    token = ada.refresh
    for _ in range(4):
        answers = await asyncio.gather(*(people.refresh(token) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
        token = cookies_of(answers[-1])["refresh_token"].value
        await age(kit)
    assert await people.refresh(token)


async def test_twenty_tabs_that_renew_fifty_times_sign_nobody_out(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    token, session = ada.refresh, await people.session_of(ada)
    for number in range(50):
        answers = await asyncio.gather(*(people.refresh(token) for _ in range(20)))
        assert [answer.status_code for answer in answers] == [200] * 20, f"round {number}"
        # Whichever answer a browser keeps, it goes on with it.
        cookies = cookies_of(answers[number % 20])
        token = cookies["refresh_token"].value
        assert (await kit.client(cookies["access_token"].value).get("/api/auth/me")).status_code == 200
    assert (await kit.parts.tokens.refresh(token)).session_id == session
    assert await kit.read("SELECT generation, ended_at FROM session") == [{"generation": 50, "ended_at": None}]
    assert await kit.published("quill.auth.session.revoked.v1") == []


async def test_a_thief_who_goes_on_with_a_stolen_token_is_thrown_out_with_the_family(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    stolen = await renewed(people, ada.refresh)
    thief = stolen
    for _ in range(3):
        thief = await renewed(people, thief)
        await age(kit)
    assert (await people.refresh(stolen)).status_code == 401  # the owner's browser wakes up
    assert (await people.refresh(thief)).json() == {"detail": "Bad refresh token"}
    assert (await kit.client(ada.access).get("/api/auth/me")).status_code == 401


async def test_a_renamed_account_renews_under_its_id_and_nobody_inherits(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    admin = await people.visitor("admin")
    await admin.client.patch(f"/api/users/{ada.id}", json={"username": "lovelace"})
    heir, _ = await people.account(username=ada.username, email="heir@example.org")
    cookies = cookies_of(await people.refresh(ada.refresh))
    claims = await kit.parts.tokens.access(cookies["access_token"].value)
    assert claims.user_id == ada.id != heir
    me = (await kit.client(cookies["access_token"].value).get("/api/auth/me")).json()
    assert (me["id"], me["username"]) == (ada.id, "lovelace")


async def test_renewals_beside_a_deactivation_never_outlive_it(kit: ServiceKit, people: People, ada: Visitor) -> None:
    admin = await people.visitor("admin")
    for _ in range(5):
        renewals = [people.refresh(ada.refresh) for _ in range(6)]
        off = admin.client.post(f"/api/users/{ada.id}/deactivate")
        answers = await asyncio.gather(*renewals[:3], off, *renewals[3:])
        assert {answer.status_code for answer in answers} <= {200, 401}
        for answer in (*answers, await people.refresh(ada.refresh)):
            if "access_token" in cookies_of(answer):
                late = kit.client(cookies_of(answer)["access_token"].value)
                assert (await late.get("/api/auth/me")).status_code == 401
        assert (await people.refresh(ada.refresh)).json() == {"detail": "Inactive user"}
        assert (await admin.client.post(f"/api/users/{ada.id}/activate")).status_code == 200
        assert (await people.refresh(ada.refresh)).json() == {"detail": "Bad refresh token"}
        ada = await people.sign_in(ada.username)


async def test_a_late_tab_within_the_grace_gets_the_newest_token_of_the_family(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    second = await renewed(people, ada.refresh)
    third = await renewed(people, second)
    late = await renewed(people, ada.refresh)
    ids = [(await kit.parts.tokens.refresh(token)).token_id for token in (third, late)]
    assert ids[0] == ids[1]
    await age(kit)
    await renewed(people, late)


async def test_a_token_used_after_the_grace_ends_the_family_for_good(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    session = await people.session_of(ada)
    newest = await renewed(people, ada.refresh)
    await age(kit)
    response = await people.refresh(ada.refresh)
    assert (response.status_code, response.json()) == (401, {"detail": "Bad refresh token"})
    assert response.headers["X-Quill-Revoked-Sessions"] == session
    assert "set-cookie" not in response.headers
    # The end is committed although the answer was a refusal.
    assert (await kit.read("SELECT ended_reason FROM session"))[0]["ended_reason"] == "refresh reuse"
    assert await kit.published("quill.auth.session.revoked.v1") == [{"user_id": ada.id, "session_id": session}]
    assert (await people.refresh(newest)).status_code == 401
    me = await ada.client.get("/api/auth/me")
    assert (me.status_code, me.json()) == (401, {"detail": "Invalid token"})


async def test_reuse_seen_many_times_at_once_ends_the_family_once(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    await renewed(people, ada.refresh)
    await age(kit)
    answers = await asyncio.gather(*(people.refresh(ada.refresh) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {401}
    assert len(await kit.published("quill.auth.session.revoked.v1")) == 1


async def test_use_and_late_reuse_at_once_never_leave_a_live_family(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    newest = await renewed(people, ada.refresh)
    await age(kit)
    answers = await asyncio.gather(*(people.refresh(token) for _ in range(5) for token in (newest, ada.refresh)))
    assert {answer.status_code for answer in answers} <= {200, 401}
    assert (await people.refresh(newest)).status_code == 401
    assert (await ada.client.get("/api/auth/me")).status_code == 401


async def test_a_token_forgotten_long_ago_counts_as_reused(kit: ServiceKit, people: People, ada: Visitor) -> None:
    token = ada.refresh
    for _ in range(3):
        token = await renewed(people, token)
        await kit.write(text("UPDATE refresh_token SET used_at = used_at - interval '2 minutes'"))
    assert len(await kit.read("SELECT generation FROM refresh_token")) == 2
    assert (await people.refresh(ada.refresh)).headers["X-Quill-Revoked-Sessions"]
    assert (await people.refresh(token)).status_code == 401


async def test_another_session_of_the_same_user_is_untouched_by_reuse(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    other = await people.sign_in(ada.username)
    await renewed(people, ada.refresh)
    await age(kit)
    await people.refresh(ada.refresh)
    assert (await other.client.get("/api/auth/me")).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-Quill-Refresh-Token": ""}, {"Cookie": "refresh_token=x"}])
async def test_without_a_refresh_token_it_says_so(people: People, headers: dict[str, str]) -> None:
    response = await people.kit.anonymous.post("/api/auth/refresh", headers=headers)
    assert (response.status_code, response.json()) == (401, {"detail": "No refresh token"})


async def test_tokens_of_other_kinds_and_nonsense_are_refused(people: People, ada: Visitor) -> None:
    for token in (ada.access, ada.csrf, "x", "a.b.c", ada.refresh + "x", "a" * 20_000):
        response = await people.refresh(token)
        assert (response.status_code, response.json()) == (401, {"detail": "Bad refresh token"}), token[:20]
    assert (await people.refresh(ada.refresh)).status_code == 200


async def test_a_refresh_token_is_no_access_token(kit: ServiceKit, ada: Visitor) -> None:
    response = await kit.client(ada.refresh).get("/api/auth/me")
    assert (response.status_code, response.json()) == (401, {"detail": "Invalid token"})


async def test_a_switched_off_account_renews_nothing(kit: ServiceKit, people: People, ada: Visitor) -> None:
    assert (await kit.service("operator").post(f"/internal/users/{ada.id}/deactivate")).status_code == 200
    response = await people.refresh(ada.refresh)
    assert (response.status_code, response.json()) == (401, {"detail": "Inactive user"})


async def test_a_session_past_its_time_renews_nothing(kit: ServiceKit, people: People, ada: Visitor) -> None:
    await kit.write(text("UPDATE session SET expires_at = clock_timestamp() - interval '1 second'"))
    response = await people.refresh(ada.refresh)
    assert (response.status_code, response.json()) == (401, {"detail": "Bad refresh token"})


async def test_a_renewal_that_cannot_be_committed_gives_nothing_and_can_be_repeated(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    async with kit.failing_commits("session"):
        response = await people.refresh(ada.refresh)
    assert response.status_code >= 500
    assert "set-cookie" not in response.headers
    assert await kit.read("SELECT used_at FROM refresh_token") == [{"used_at": None}]
    assert (await people.refresh(ada.refresh)).status_code == 200


async def test_refresh_tokens_are_stored_as_hashes(kit: ServiceKit, people: People, ada: Visitor) -> None:
    claims = await kit.parts.tokens.refresh(ada.refresh)
    stored = (await kit.read("SELECT token_hash FROM refresh_token"))[0]["token_hash"]
    assert len(stored) == 32
    assert claims.token_id.encode() not in stored


async def test_a_refresh_takes_one_statement(kit: ServiceKit, people: People, ada: Visitor) -> None:
    with kit.statements() as seen:
        await people.refresh(ada.refresh)
    assert len(seen) == 1
