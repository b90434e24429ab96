"""Account and grant: both, or a repeat completes it; however many accept, and whatever is down (contract 5.14, 15)."""

import asyncio

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_orgs.testing.accounts import Accounts
from quill_orgs.testing.invitations import PATIENT, Accept, Invite, send
from sqlalchemy import text

GRANTS = "SELECT user_id, patient_id FROM external_patient_access"
ACCEPTED = "SELECT accepted_by_user_id FROM invitation WHERE accepted_at IS NOT NULL"
GRANTED = "quill.orgs.access.granted.v1"
AWAY = {"detail": "Service temporarily unavailable"}
AT_ONCE = 20


@pytest.mark.parametrize("table", ["external_patient_access", "invitation", "access_grant", "outbox", "audit_entry"])
async def test_an_account_whose_grant_failed_gets_it_by_a_repeat(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept, table: str
) -> None:
    token = await invite()
    async with kit.failing_commits(table):
        assert (await accept(token))[0] == 503
    assert list(accounts.by_address) == ["gp@example.org"]
    assert await kit.read(GRANTS) == await kit.read(ACCEPTED) == await kit.published() == []
    assert await accept(token) == (200, {"status": "registered", "user_id": 1000})
    assert await kit.read(GRANTS) == [{"user_id": 1000, "patient_id": PATIENT}]
    assert len(await kit.published(GRANTED)) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, b'{"detail": "Service temporarily unavailable"}'),
        (500, b"Internal Server Error"),
        (401, b'{"detail": "Invalid token"}'),
        (422, b'{"detail": [{"loc": ["body", "email"]}]}'),
        (400, b"<html>"),
        (409, b"[]"),
    ],
)
async def test_while_auth_does_not_answer_nothing_is_stored(
    kit: ServiceKit, accounts: Accounts, invite: Invite, status: int, body: bytes
) -> None:
    token = await invite()
    accounts.status, accounts.body = status, body
    response = await send(kit.anonymous, token)
    assert (response.status_code, response.json()) == (503, AWAY)
    assert int(response.headers["Retry-After"]) > 0
    assert await kit.read(GRANTS) == await kit.read(ACCEPTED) == await kit.published() == []


async def test_an_auth_that_cannot_be_reached_is_a_503(
    kit: ServiceKit, accounts: Accounts, invite: Invite, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await invite()
    monkeypatch.setattr(kit.parts.settings, "auth_url", "http://127.0.0.1:9")
    response = await send(kit.anonymous, token)
    assert (response.status_code, response.json(), response.headers["Retry-After"]) == (503, AWAY, "2")
    assert await kit.read(GRANTS) == await kit.read(ACCEPTED) == []


async def test_a_nonsensical_account_is_no_answer(kit: ServiceKit, accounts: Accounts, invite: Invite) -> None:
    await accounts.add(500, "gp@example.org")
    accounts.by_address["gp@example.org"]["is_active"] = "perhaps"
    assert (await send(kit.anonymous, await invite(), None, None)).status_code == 503
    assert await kit.read(GRANTS) == []


async def test_an_account_that_we_have_not_heard_of_is_granted_nothing_yet(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    accounts.tells = False
    token = await invite()
    assert (await accept(token))[0] == 503
    assert await kit.read(GRANTS) == []
    accounts.tells = True
    await accounts.add(1000, "gp@example.org")
    assert (await accept(token))[0] == 200


async def test_of_many_acceptances_of_one_link_one_makes_the_grant(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite()
    answers = await asyncio.gather(*(accept(token) for _ in range(AT_ONCE)))
    assert answers == [(200, {"status": "registered", "user_id": 1000})] * AT_ONCE
    assert len(await kit.read(GRANTS)) == len(await kit.published(GRANTED)) == len(await kit.read(ACCEPTED)) == 1


async def test_of_many_links_for_one_address_one_makes_the_grant(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    tokens = [await invite() for _ in range(6)]
    answers = await asyncio.gather(*(accept(token) for token in tokens * 3))
    assert {status for status, _ in answers} == {200}
    assert {body["user_id"] for _, body in answers} == {1000}
    assert len(await kit.read(GRANTS)) == len(await kit.published(GRANTED)) == 1
    assert len(await kit.read(ACCEPTED)) == 6


async def test_no_connection_is_held_while_auth_is_asked(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    """As many acceptances as would take every connection wait for auth, and auth waits for a write of ours."""
    here = asyncio.Barrier(AT_ONCE)

    async def meanwhile() -> None:
        await here.wait()
        await kit.write(text("INSERT INTO organizations (name, type) VALUES ('Ward', 'department')"))

    tokens = [await invite(f"gp{number}@example.org") for number in range(AT_ONCE)]
    accounts.meanwhile = meanwhile
    answers = await asyncio.gather(*(accept(token) for token in tokens))
    assert {status for status, _ in answers} == {200}
    assert len(await kit.read(GRANTS)) == AT_ONCE


async def test_a_revocation_at_the_same_moment_is_not_undone_by_an_older_link(
    kit: ServiceKit, admin: Person, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    await accounts.add(500, "gp@example.org")
    tokens = [await invite() for _ in range(8)]
    await accept(tokens[0])
    path = f"/api/patients/{PATIENT}/external-access/500"
    accepting = asyncio.gather(*(accept(token) for token in tokens))
    await admin.client.delete(path)
    answers = await accepting
    assert {status for status, _ in answers} <= {200, 400}
    assert await kit.read("SELECT 1 FROM access_grant") == []
    [row] = await kit.read("SELECT revoked_at FROM external_patient_access")
    assert row["revoked_at"] is not None
    assert [row["type"] for row in await kit.read("SELECT type FROM outbox ORDER BY id")] == [
        GRANTED,
        "quill.orgs.access.revoked.v1",
    ]


async def test_an_invitation_that_ends_while_auth_is_asked_grants_nothing(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite()

    async def meanwhile() -> None:
        await kit.write(text("UPDATE invitation SET created_at = created_at - interval '8 days'"))

    accounts.meanwhile = meanwhile
    assert (await accept(token))[0] == 400
    assert await kit.read(GRANTS) == []
