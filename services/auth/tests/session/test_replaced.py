"""A sign-in in a browser that has a session: the new one takes its place (ASVS 5, V7.2.4)."""

import asyncio
import uuid

import httpx
import pytest
from quill_auth.testing.people import PASSWORD, People, Visitor, cookies_of
from quill_auth.testing.second_factors import Factors
from quill_common.testing.kit import ServiceKit

REVOKED = "X-Quill-Revoked-Sessions"


async def sign_in_holding(people: People, username: str, held: str, **more: str) -> httpx.Response:
    """As the gateway passes it on from a browser that has the session `held`."""
    body = {"username": username, "password": PASSWORD, **more}
    return await people.kit.anonymous.post("/api/auth/login", json=body, headers={"X-Quill-Held-Session": held})


async def is_signed_in(visitor: Visitor) -> bool:
    return (await visitor.client.get("/api/auth/me")).status_code == 200


async def test_the_session_of_before_ends_and_is_named_to_the_gateway(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    elsewhere = await people.sign_in(ada.username)
    held = await people.session_of(ada)
    response = await sign_in_holding(people, ada.username, held)
    assert response.status_code == 200
    assert response.headers.get_list(REVOKED) == [held]
    assert not await is_signed_in(ada)
    assert (await people.refresh(ada.refresh)).status_code == 401
    assert await is_signed_in(elsewhere)
    token = cookies_of(response)["access_token"].value
    assert (await kit.client(token).get("/api/auth/me")).status_code == 200
    assert await kit.published("quill.auth.session.revoked.v1") == [{"user_id": ada.id, "session_id": held}]
    ended = await kit.read("SELECT id::text, ended_reason FROM session WHERE ended_at IS NOT NULL")
    assert ended == [{"id": held, "ended_reason": "replaced"}]
    (recorded,) = [entry for entry in await kit.audited() if entry["action"] == "session.end"]
    assert (recorded["actor_id"], recorded["subject_user_id"]) == (ada.id, ada.id)


async def test_it_ends_whoevers_it_was(kit: ServiceKit, people: People) -> None:
    ada, ben = await people.visitor(), await people.visitor()
    held = await people.session_of(ada)
    response = await sign_in_holding(people, ben.username, held)
    assert response.headers[REVOKED] == held
    assert not await is_signed_in(ada)
    assert await is_signed_in(ben)
    assert await kit.published("quill.auth.session.revoked.v1") == [{"user_id": ada.id, "session_id": held}]


async def test_a_sign_in_that_is_refused_ends_nothing(people: People, factors: Factors) -> None:
    ada, device = await people.visitor(), await factors.enabled()
    held = await people.session_of(ada)
    refused = [
        await sign_in_holding(people, ada.username, held, password="a wrong password"),
        await sign_in_holding(people, "nobody", held),
        await sign_in_holding(people, device.visitor.username, held),
        await sign_in_holding(people, device.visitor.username, held, totp_code="000000"),
    ]
    assert [response.status_code for response in refused] == [400] * 4
    assert not [response for response in refused if REVOKED in response.headers]
    assert await is_signed_in(ada)
    answer = await sign_in_holding(people, device.visitor.username, held, totp_code=device.code())
    assert answer.headers[REVOKED] == held
    assert not await is_signed_in(ada)


async def test_a_sign_in_that_cannot_be_committed_ends_nothing(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    async with kit.failing_commits("refresh_token"):
        response = await sign_in_holding(people, ada.username, await people.session_of(ada))
    assert response.status_code >= 500
    assert REVOKED not in response.headers
    assert await is_signed_in(ada)
    assert await kit.published("quill.auth.session.revoked.v1") == []


async def test_one_that_has_ended_or_never_was_is_nothing_to_end(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    ended = await people.session_of(ada)
    await ada.client.post("/api/auth/logout")
    published = await kit.published("quill.auth.session.revoked.v1")
    for held in (ended, str(uuid.uuid4()), ""):
        response = await sign_in_holding(people, ada.username, held)
        assert response.status_code == 200
        assert REVOKED not in response.headers
    assert await kit.published("quill.auth.session.revoked.v1") == published


async def test_of_two_sign_ins_that_hold_the_same_session_one_ends_it(kit: ServiceKit, people: People) -> None:
    ada, ben = await people.visitor(), await people.visitor()
    held = await people.session_of(ada)
    answers = await asyncio.gather(*(sign_in_holding(people, who.username, held) for who in (ada, ben) * 4))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert [answer.headers[REVOKED] for answer in answers if REVOKED in answer.headers] == [held]
    assert len(await kit.published("quill.auth.session.revoked.v1")) == 1


async def test_people_who_sign_in_over_each_other_do_not_wait_for_each_other(people: People) -> None:
    for _ in range(5):
        ada, ben = await people.visitor(), await people.visitor()
        over_ben = sign_in_holding(people, ada.username, await people.session_of(ben))
        over_ada = sign_in_holding(people, ben.username, await people.session_of(ada))
        assert [answer.status_code for answer in await asyncio.gather(over_ben, over_ada)] == [200, 200]


@pytest.mark.parametrize("held", ["not an id", "' OR 1=1 --", "1" * 5000])
async def test_what_is_no_session_id_is_nothing_to_end(people: People, held: str) -> None:
    _, name = await people.account()
    assert (await sign_in_holding(people, name, held)).status_code == 200
