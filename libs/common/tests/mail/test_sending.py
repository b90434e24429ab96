"""Sending what was posted: once when all is well, at least once whatever happens, never for ever."""

import asyncio
from datetime import timedelta

import pytest
from quill_common.mail import repository
from quill_common.mail.sender import FIRST_PAUSE, LEASE, LONGEST_PAUSE, pause_after
from quill_common.mail.smtp import WHOLE_SECONDS
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .conftest import Post, Server, listening


async def test_a_mail_is_sent_and_its_text_kept_nowhere(mails: Post, server: Server) -> None:
    await mails.put("ada@example.org", "Réset", "Straße\n")
    assert await mails.sender(server.url, mail_sender="Quill für Ärzte <quill@example.org>").send_due() == 1
    [taken] = server.taken
    assert server.recipients == ["ada@example.org"]
    assert taken.get_content_charset() == "utf-8"
    payload = taken.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().strip() == "Straße"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["Message-ID"].endswith("@example.org>")
    assert await mails.rows() == []


async def test_nothing_is_sent_of_a_transaction_that_was_undone(mails: Post, server: Server) -> None:
    async with mails.kit.failing_commits("outgoing_mail"):
        with pytest.raises(DBAPIError):
            await mails.put()
    assert await mails.sender(server.url).send_due() == 0


async def test_a_refusal_for_now_is_tried_again_later(mails: Post, server: Server) -> None:
    server.answers = ["451 later"]
    await mails.put()
    sender = mails.sender(server.url)
    assert await sender.send_due() == 1
    [row] = await mails.rows()
    assert (row["failure"], row["tries"], row["failed_at"]) == ("smtp 451", 1, None)
    assert row["next_try_at"] - row["created_at"] >= FIRST_PAUSE
    assert await sender.send_due() == 0  # not at once
    await mails.be_due()
    await sender.send_due()
    assert len(server.taken) == 1
    assert await mails.rows() == []


@pytest.mark.parametrize("where", ["recipient", "text"])
async def test_a_refusal_for_good_is_given_up_at_once_and_the_text_is_dropped(
    mails: Post, server: Server, where: str
) -> None:
    if where == "text":
        server.answers = ["554 no"]
    else:
        server.to_recipients = {"ada@example.org": "550 nobody of that name"}
    await mails.put()
    await mails.put("bob@example.org")
    sender = mails.sender(server.url)
    await sender.send_due()
    [row] = await mails.rows()
    assert row["failed_at"] is not None
    assert row["body"] is None
    assert row["failure"] == ("smtp 554" if where == "text" else "smtp 550")
    assert server.recipients == ["bob@example.org"]  # the next one is not held up
    await mails.be_due()
    assert await sender.send_due() == 0
    answer = await mails.kit.anonymous.get("/metrics")
    assert 'quill_mails_unsent{service="letters",state="failed"} 1.0' in answer.text


async def test_while_the_server_is_down_mails_wait_and_then_go(mails: Post) -> None:
    server = Server()
    async with listening(server):
        pass
    await mails.put()
    sender = mails.sender(server.url)
    await sender.send_due()
    [row] = await mails.rows()
    assert row["failed_at"] is None
    assert row["body"] is not None
    async with listening(server):
        await mails.be_due()
        await sender.send_due()
    assert len(server.taken) == 1
    assert await mails.rows() == []


async def test_nobody_tries_for_ever(mails: Post, server: Server) -> None:
    server.answers = ["451 later"] * 2
    await mails.put()
    await mails.kit.write(text("UPDATE outgoing_mail SET give_up_at = clock_timestamp() + interval '10 seconds'"))
    await mails.sender(server.url).send_due()
    [row] = await mails.rows()
    assert row["failed_at"] is not None
    assert row["body"] is None


async def test_what_is_of_no_use_any_more_is_not_sent(mails: Post, server: Server) -> None:
    await mails.put()
    await mails.kit.write(text("UPDATE outgoing_mail SET give_up_at = clock_timestamp()"))
    await mails.sender(server.url).send_due()
    assert server.taken == []
    assert [(row["failure"], row["body"]) for row in await mails.rows()] == [("too late", None)]


async def test_two_senders_at_once_send_each_mail_once(mails: Post, server: Server) -> None:
    for number in range(20):
        await mails.put(f"reader{number}@example.org")
    await asyncio.gather(*(mails.sender(server.url).send_due() for _ in range(4)))
    assert sorted(server.recipients) == sorted(f"reader{number}@example.org" for number in range(20))


async def test_no_transaction_is_open_while_the_server_thinks(mails: Post, server: Server) -> None:
    server.go_on.clear()
    await mails.put()
    sending = asyncio.create_task(mails.sender(server.url).send_due())
    await server.arrived.wait()
    assert [engine.pool.checkedout() for engine in mails.kit.parts.database.engines] == [0, 0]  # type: ignore[attr-defined]  # a QueuePool
    assert await mails.sender(server.url).send_due() == 0  # it is the other's
    server.go_on.set()
    await sending
    assert len(server.taken) == 1


async def test_a_crash_between_sending_and_noting_it_gives_a_second_mail_that_can_be_told(
    mails: Post, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mails.put()
    with monkeypatch.context() as patched:
        patched.setattr(repository, "sent", _crash)
        with pytest.raises(_Crash):
            await mails.sender(server.url).send_due()
    assert await mails.sender(server.url).send_due() == 0  # the lease holds
    await mails.be_due()
    await mails.sender(server.url).send_due()
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    assert await mails.rows() == []


async def test_a_try_that_outlived_its_lease_leaves_the_mail_to_the_other_sender(mails: Post, server: Server) -> None:
    server.answers = ["451 later"]
    server.go_on.clear()
    await mails.put()
    slow = asyncio.create_task(mails.sender(server.url).send_due())
    await server.arrived.wait()
    await mails.kit.write(
        text("UPDATE outgoing_mail SET tries = tries + 1, next_try_at = next_try_at + interval '1 h'")
    )
    before = await mails.rows()
    server.go_on.set()
    await slow
    assert await mails.rows() == before


@pytest.mark.parametrize(
    "to", ["nobody", "", "@", "a@b@", "ada@example.org\nBcc: eve@example.org", "ada@example.org\r", "a b@example.org"]
)
async def test_what_is_no_address_is_given_up_and_begins_no_header(mails: Post, server: Server, to: str) -> None:
    await mails.put(to)
    await mails.put("bob@example.org")
    await mails.sender(server.url).send_due()
    assert server.recipients == ["bob@example.org"]
    assert [row["failure"] for row in await mails.rows()] == ["unusable address"]


@pytest.mark.parametrize("subject", ["Hi\nBcc: eve@example.org", "Hi\r\n\r\nbody"])
async def test_a_subject_begins_no_header(mails: Post, server: Server, subject: str) -> None:
    await mails.put(subject=subject)
    await mails.sender(server.url).send_due()
    assert server.taken == []
    assert [row["failure"] for row in await mails.rows()] == ["unusable address"]


async def test_a_local_part_that_the_server_cannot_take_is_given_up_and_a_foreign_domain_is_written_in_ascii(
    mails: Post, server: Server
) -> None:
    await mails.put("jürgen@example.org")
    await mails.put("ada@bücher.example")
    await mails.sender(server.url).send_due()
    assert server.recipients == ["ada@xn--bcher-kva.example"]
    assert [row["failure"] for row in await mails.rows()] == ["address needs SMTPUTF8"]


async def test_a_commit_wakes_the_sender(mails: Post, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quill_common.mail.sender.POLL_SECONDS", 3600.0)
    sender = mails.sender(server.url)
    monkeypatch.setitem(mails.kit.parts.units.wakes, "mail", sender.wake)
    running = asyncio.create_task(sender.run())
    try:
        async with asyncio.timeout(60):
            for _ in range(2):
                await mails.put()
                await server.arrived.wait()
                server.arrived.clear()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_another_process_posted_is_found_by_looking(
    mails: Post, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quill_common.mail.sender.POLL_SECONDS", 0.05)
    running = asyncio.create_task(mails.sender(server.url).run())
    try:
        async with asyncio.timeout(60):
            await mails.put()
            await server.arrived.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_failed_mails_are_forgotten_in_the_end(mails: Post, server: Server) -> None:
    await mails.put("nobody")
    await mails.sender(server.url).send_due()
    async with mails.kit.parts.database.writer() as writer:
        assert await repository.forget_failed(writer) == 0
    await mails.kit.write(text("UPDATE outgoing_mail SET failed_at = failed_at - interval '31 days'"))
    async with mails.kit.parts.database.writer() as writer:
        assert await repository.forget_failed(writer) == 1


def test_pauses_grow_to_an_hour_and_a_lease_outlives_a_try() -> None:
    pauses = [pause_after(tries) for tries in range(1, 12)]
    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE == pause_after(10_000)
    assert timedelta(seconds=WHOLE_SECONDS) * 2 < LEASE


class _Crash(BaseException):
    """The process ends."""


async def _crash(*_: object) -> None:
    raise _Crash
