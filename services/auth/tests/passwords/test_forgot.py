"""Asking for a reset link (contract 4.3, A6, A7, A15)."""

import asyncio
from typing import Any

import pytest
from quill_auth.passwords.links import MAILS_AN_HOUR
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

from .conftest import Letterbox

BAD = "Invalid or expired reset link"


async def test_a_link_goes_to_the_address_of_an_account_whatever_its_case(people: People, letterbox: Letterbox) -> None:
    await people.account(username="ada", email="Ada.Byron@Example.org")
    await letterbox.ask("  ada.byron@EXAMPLE.org ")
    assert await letterbox.mails() == []  # not before the answer
    await letterbox.sender().send_due()
    [mail] = await letterbox.mails()
    assert (mail["recipient"], mail["subject"]) == ("Ada.Byron@Example.org", "Reset your Quill password")
    assert "http://localhost/reset-password?token=" in mail["body"]
    assert "30 minutes" in mail["body"]
    assert (mail["give_up_at"] - mail["created_at"]).total_seconds() == pytest.approx(1800, abs=1)


@pytest.mark.parametrize(
    "address", ["nobody@example.org", "gone@example.org", "", " ", "x" * 256, "%@example.org", "ı"]
)
async def test_whoever_has_the_address_the_answer_is_the_same(
    people: People, letterbox: Letterbox, address: str
) -> None:
    await people.account(username="gone", is_active=False)
    await letterbox.ask(address)
    await letterbox.sender().send_due()
    assert await letterbox.mails() == []
    assert await letterbox.kit.read("SELECT * FROM reset_request") == []


async def test_the_request_does_the_same_for_a_known_and_an_unknown_address(
    kit: ServiceKit, people: People, letterbox: Letterbox
) -> None:
    await people.account(username="ada")
    seen = []
    for address in ("ada@example.org", "nobody@example.org"):
        with kit.statements() as statements:
            await letterbox.ask(address)
        seen.append(list(statements))
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1
    assert "users" not in seen[0][0]


@pytest.mark.parametrize("body", [{}, {"email": None}, {"email": 5}, {"email": "a\x00b"}, [], None])
async def test_a_body_that_is_no_request_is_a_422(kit: ServiceKit, body: Any) -> None:
    assert (await kit.anonymous.post("/api/auth/forgot-password", json=body)).status_code == 422


async def test_five_mails_an_hour_and_the_rest_silently_dropped(people: People, letterbox: Letterbox) -> None:
    await people.account(username="ada")
    await people.account(username="bob")
    for _ in range(MAILS_AN_HOUR + 2):
        await letterbox.ask("ada@example.org")
        await letterbox.sender().send_due()
    await letterbox.link("bob@example.org")
    recipients = [mail["recipient"] for mail in await letterbox.mails()]
    assert recipients == ["ada@example.org"] * MAILS_AN_HOUR + ["bob@example.org"]
    await letterbox.kit.write(text("UPDATE password_reset SET created_at = created_at - interval '61 minutes'"))
    await letterbox.link("ada@example.org")
    assert len(await letterbox.mails()) == MAILS_AN_HOUR + 2


async def test_used_links_count_too(people: People, letterbox: Letterbox) -> None:
    await people.account(username="ada")
    for _ in range(MAILS_AN_HOUR):
        assert (await letterbox.reset(await letterbox.link("ada@example.org")))[0] == 200
    await letterbox.ask("ada@example.org")
    await letterbox.sender().send_due()
    assert len(await letterbox.tokens()) == MAILS_AN_HOUR


async def test_the_limit_holds_for_many_requests_and_senders_at_once(people: People, letterbox: Letterbox) -> None:
    await people.account(username="ada")
    await letterbox.kit.write(
        text("INSERT INTO reset_request (address) SELECT 'ada@example.org' FROM generate_series(1, 40)")
    )
    await asyncio.gather(*(letterbox.sender().send_due() for _ in range(4)))
    assert len(await letterbox.mails()) == MAILS_AN_HOUR
    assert await letterbox.kit.read("SELECT * FROM reset_request") == []


async def test_a_flood_for_one_address_leaves_few_rows_and_delays_nobody(people: People, letterbox: Letterbox) -> None:
    await people.account(username="ada")
    for _ in range(5):
        await asyncio.gather(*(letterbox.ask("eve@example.org") for _ in range(20)))
    await letterbox.ask("ada@example.org")
    waiting = await letterbox.kit.read("SELECT address FROM reset_request")
    assert len(waiting) <= MAILS_AN_HOUR + letterbox.kit.parts.settings.database_pool + 1
    await letterbox.sender().send_due()
    assert [mail["recipient"] for mail in await letterbox.mails()] == ["ada@example.org"]


async def test_a_request_is_answered_once_though_the_first_try_breaks_off(
    kit: ServiceKit, people: People, letterbox: Letterbox
) -> None:
    await people.account(username="ada")
    await letterbox.ask("ada@example.org")
    async with kit.failing_commits("outgoing_mail"):
        with pytest.raises(Exception, match="commit fails"):
            await letterbox.sender().send_due()
    assert await letterbox.mails() == []
    assert await kit.read("SELECT * FROM password_reset") == []
    await letterbox.sender().send_due()
    assert len(await letterbox.mails()) == 1


async def test_asking_wakes_the_sender(
    kit: ServiceKit, people: People, letterbox: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = asyncio.Event()
    monkeypatch.setitem(kit.parts.units.wakes, "reset links", woken.set)
    await letterbox.ask("ada@example.org")
    assert woken.is_set()


async def test_the_sender_works_on_until_it_is_stopped(
    kit: ServiceKit, people: People, letterbox: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people.account(username="ada")
    sender = letterbox.sender()
    posted = asyncio.Event()
    monkeypatch.setitem(kit.parts.units.wakes, "reset links", sender.wake)
    monkeypatch.setitem(kit.parts.units.wakes, "mail", posted.set)
    running = asyncio.create_task(sender.run())
    try:
        for _ in range(2):
            await letterbox.ask("ada@example.org")
            async with asyncio.timeout(60):
                await posted.wait()
            posted.clear()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(await letterbox.mails()) == 2
