"""Many people in one thread at the same moment: order, unread counts and read marks stay exact."""

import asyncio
from datetime import datetime

from quill_common.testing.kit import Person, ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, listed, read, send, start, unread
from quill_messaging.thread.repository import advance
from sqlalchemy import text

EACH = 5

_LATE_MESSAGE = text(
    "INSERT INTO messages (fhir_communication_id, conversation_id, sender_id, body, created_at) "
    "VALUES (:key, :conversation, :sender, 'late', :moment)"
)


async def crowd(kit: ServiceKit, number: int) -> tuple[list[Person], int]:
    """People who take part in one conversation, the first of whom started it."""
    await kit.patient(PATIENT, HOSPITAL)
    people = [await kit.clinician(HOSPITAL) for _ in range(number)]
    conversation = await start(people[0], participant_ids=[person.id for person in people[1:]])
    return people, conversation["id"]


async def test_twenty_people_writing_at_once_lose_nothing_and_ids_ascend_with_time(kit: ServiceKit) -> None:
    people, conversation_id = await crowd(kit, 20)

    async def write(person: Person) -> None:
        for number in range(EACH):
            await send(person, conversation_id, f"{person.id}/{number}")

    await asyncio.gather(*(write(person) for person in people))
    messages = (await read(people[0], conversation_id))["messages"][1:]
    assert {message["body"] for message in messages} == {f"{p.id}/{n}" for p in people for n in range(EACH)}
    assert len(messages) == 20 * EACH
    ids = [message["id"] for message in messages]
    times = [datetime.fromisoformat(message["created_at"]) for message in messages]
    assert ids == sorted(ids)
    assert times == sorted(set(times))
    for person in people[1:]:
        bodies = [message["body"] for message in messages if message["sender_id"] == person.id]
        assert bodies == [f"{person.id}/{number}" for number in range(EACH)]
        assert await unread(person, conversation_id) == 1 + 19 * EACH
    rows = await kit.read("SELECT count(*) AS n FROM fhir_communication")
    assert rows[0]["n"] == 1 + 20 * EACH
    assert len(await kit.published("quill.messaging.message.sent.v1")) == 1 + 20 * EACH


async def test_what_was_read_and_what_is_unread_add_up_while_others_write(kit: ServiceKit) -> None:
    """At the end everything is read by a last look; before it, the marks never ran ahead of what was shown."""
    people, conversation_id = await crowd(kit, 6)
    reader, *writers = people
    looks: list[tuple[int, int]] = []

    async def write(person: Person) -> None:
        for number in range(12):
            await send(person, conversation_id, str(number))

    async def look() -> None:
        for _ in range(25):
            shown = len((await read(reader, conversation_id))["messages"])
            looks.append((shown, await unread(reader, conversation_id)))

    await asyncio.gather(look(), *(write(person) for person in writers))
    total = 1 + 12 * len(writers)
    seen = max(shown for shown, _ in looks)
    assert await unread(reader, conversation_id) == total - seen
    await read(reader, conversation_id)
    assert await unread(reader, conversation_id) == 0


async def test_a_message_that_commits_after_the_reader_looked_stays_unread(kit: ServiceKit) -> None:
    """It was begun before the look and carries an earlier time than the clock showed then."""
    (sender, reader), conversation_id = await crowd(kit, 2)
    for look in ("get", "post"):
        await read(reader, conversation_id)
        async with kit.parts.database.writer() as writer:
            moment = await advance(writer, conversation_id, by_message=True)
            if look == "get":
                await read(reader, conversation_id)
            else:
                await reader.client.post(f"/api/conversations/{conversation_id}/read")
            late = {"conversation": conversation_id, "sender": sender.id, "moment": moment, "key": look}
            await writer.execute(_LATE_MESSAGE, late)
        assert await unread(reader, conversation_id) == 1


async def test_two_people_joining_while_others_write_see_the_thread_where_all_see_it(kit: ServiceKit) -> None:
    people, conversation_id = await crowd(kit, 3)
    late = [await kit.clinician(HOSPITAL) for _ in range(4)]

    async def join(person: Person) -> None:
        response = await person.client.post(f"/api/conversations/{conversation_id}/join")
        assert response.status_code == 200, response.text

    await asyncio.gather(
        *(send(person, conversation_id) for person in people * 4), *(join(person) for person in late * 2)
    )
    rows = await kit.read(
        "SELECT count(*) AS n, count(DISTINCT p.user_id) AS people, "
        "count(*) FILTER (WHERE p.conversation_updated_at = c.updated_at) AS in_place "
        "FROM conversation_participants p JOIN conversations c ON c.id = p.conversation_id"
    )
    assert rows == [{"n": 7, "people": 7, "in_place": 7}]
    assert [one["id"] for one in await listed(late[0])] == [conversation_id]


async def test_many_readers_of_one_thread_mark_their_own_rows_only(kit: ServiceKit) -> None:
    people, conversation_id = await crowd(kit, 8)
    await asyncio.gather(*(read(person, conversation_id) for person in people[1:5] * 3))
    counts = [await unread(person, conversation_id) for person in people]
    assert counts == [0, 0, 0, 0, 0, 1, 1, 1]
