"""Reading one conversation, and what it leaves behind."""

from typing import Any

from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import DETAIL, HOSPITAL, PATIENT, read, send, start, unread


async def marks(kit: ServiceKit) -> list[dict[str, Any]]:
    return await kit.read("SELECT user_id, last_read_at FROM conversation_participants ORDER BY user_id")


async def test_the_detail_shows_all_messages_oldest_first_with_the_names_of_today(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL, full_name="Ben Old")
    conversation = await start(amara, participant_ids=[ben.id])
    for number in range(5):
        await send(ben, conversation["id"], str(number))
    facts = {
        "id": ben.id, "username": "ben", "full_name": "Ben New", "email": "b@example.org", "level": "staff",
        "roles": [], "competencies": [], "is_active": False, "patient_id": None,
    }  # fmt: skip
    async with kit.parts.units.open() as work:
        await kit.parts.projection.apply(work, "quill.auth.user.changed.v1", facts)
    detail = await read(amara, conversation["id"])
    assert set(detail) == DETAIL
    assert [message["body"] for message in detail["messages"]] == ["The first message", *"01234"]
    assert {message["sender_display_name"] for message in detail["messages"][1:]} == {"Ben New"}
    assert {message["sender_username"] for message in detail["messages"][1:]} == {"ben"}
    assert [one["display_name"] for one in detail["participants"]] == [amara.username, "Ben New"]


async def test_reading_marks_as_read_for_a_participant(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    conversation = await start(amara, participant_ids=[ben.id])
    await send(amara, conversation["id"])
    assert await unread(ben, conversation["id"]) == 2
    await read(ben, conversation["id"])
    assert await unread(ben, conversation["id"]) == 0
    await send(amara, conversation["id"])
    assert await unread(ben, conversation["id"]) == 1
    assert (await ben.client.post(f"/api/conversations/{conversation['id']}/read")).json() == {"ok": True}
    assert await unread(ben, conversation["id"]) == 0


async def test_sending_does_not_mark_as_read_and_own_messages_are_never_unread(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    conversation = await start(amara, participant_ids=[ben.id])
    await send(ben, conversation["id"])
    assert await unread(ben, conversation["id"]) == 1
    assert await unread(amara, conversation["id"]) == 1


async def test_a_reader_who_is_no_participant_leaves_no_trace(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    before = await marks(kit)
    assert (await read(ben, conversation["id"]))["is_participant"] is False
    assert await marks(kit) == before == [{"user_id": amara.id, "last_read_at": None}]


async def test_reading_what_was_read_already_writes_nothing(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    await read(amara, conversation["id"])
    with kit.statements() as statements:
        await read(amara, conversation["id"])
    assert [one.split()[0] for one in statements] == ["SELECT"] * 4


async def test_a_read_mark_whose_commit_fails_is_no_answer(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    path = f"/api/conversations/{conversation['id']}"
    async with kit.failing_commits("conversation_participants"):
        assert (await amara.client.get(path)).status_code == 503
        assert (await amara.client.post(f"{path}/read")).status_code == 503
    assert (await marks(kit))[0]["last_read_at"] is None


async def test_statements_do_not_grow_with_the_thread(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    people = [await kit.clinician(HOSPITAL) for _ in range(6)]
    short = await start(people[0])
    long = await start(people[0], participant_ids=[person.id for person in people[1:]])
    for person in people * 5:
        await send(person, long["id"])
    counts = []
    for conversation in (short, long):
        with kit.statements() as statements:
            await read(people[0], conversation["id"])
        counts.append(len(statements))
    assert counts == [6, 6]  # of these one marks as read, and one puts both on record
