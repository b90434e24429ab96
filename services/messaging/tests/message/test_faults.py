"""Half-way crashes and repeats: both message and Communication, or neither; once, not twice."""

import asyncio

import pytest
from quill_common.testing.database import execute
from quill_common.testing.kit import Person, ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, nothing_stored, read, refusal, start, try_to_send

_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.mark.parametrize("table", ["messages", "fhir_communication", "fhir_communication_version", "outbox"])
async def test_a_message_whose_commit_fails_leaves_nothing_behind(kit: ServiceKit, table: str) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    before = await read(amara, conversation["id"])
    events = len(await kit.published())
    async with kit.failing_commits(table):
        assert (await try_to_send(amara, conversation["id"])).status_code == 503
    assert await read(amara, conversation["id"]) == before
    assert (await kit.read("SELECT count(*) AS n FROM fhir_communication"))[0]["n"] == 1
    assert (await kit.read("SELECT count(*) AS n FROM fhir_communication_version"))[0]["n"] == 1
    assert len(await kit.published()) == events
    assert (await try_to_send(amara, conversation["id"])).status_code == 200


@pytest.mark.parametrize("table", ["messages", "fhir_communication", "conversations", "conversation_participants"])
async def test_a_conversation_whose_commit_fails_leaves_nothing_behind(kit: ServiceKit, table: str) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    body = {"patient_id": PATIENT, "initial_message": "Hello"}
    async with kit.failing_commits(table):
        response = await amara.client.post("/api/conversations", json=body)
    assert response.status_code == 503
    assert await nothing_stored(kit)


async def test_a_repeated_message_with_its_key_is_sent_once(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    path, key = f"/api/conversations/{conversation['id']}/messages", {"Idempotency-Key": "k1"}
    first = await amara.client.post(path, json={"body": "Once"}, headers=key)
    again = await amara.client.post(path, json={"body": "Once"}, headers=key)
    other = await amara.client.post(path, json={"body": "Another"}, headers=key)
    assert first.status_code == 200
    assert (again.status_code, again.json()) == (200, first.json())
    assert refusal(other) == (422, "Idempotency-Key was used with a different request")
    assert len((await read(amara, conversation["id"]))["messages"]) == 2


async def test_a_repeat_needs_the_access_too(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    relative = await kit.person("patient_advocate")
    await kit.grant(relative, PATIENT)
    conversation = await start(relative)
    path, key = f"/api/conversations/{conversation['id']}/messages", {"Idempotency-Key": "k1"}
    assert (await relative.client.post(path, json={"body": "x"}, headers=key)).status_code == 200
    async with kit.parts.units.open() as work:
        await kit.parts.projection.apply(
            work, "quill.orgs.access.revoked.v1", {"user_id": relative.id, "patient_id": PATIENT}
        )
    repeated = await relative.client.post(path, json={"body": "x"}, headers=key)
    assert refusal(repeated) == (404, "Conversation not found")


async def test_the_same_key_many_times_at_once_starts_one_conversation(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    body = {"patient_id": PATIENT, "initial_message": "Hello"}
    post = amara.client.post
    answers = await asyncio.gather(
        *(post("/api/conversations", json=body, headers={"Idempotency-Key": "k"}) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert (await kit.read("SELECT count(*) AS n FROM conversations"))[0]["n"] == 1
    assert (await kit.read("SELECT count(*) AS n FROM fhir_communication"))[0]["n"] == 1


async def test_connections_cut_while_people_write_lose_no_answered_message_and_leave_no_half_ones(
    kit: ServiceKit,
) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    people = [await kit.clinician(HOSPITAL) for _ in range(4)]
    conversation_id = (await start(people[0], participant_ids=[person.id for person in people[1:]]))["id"]
    answered: list[str] = []
    refused: list[int] = []

    async def write(person: Person) -> None:
        for number in range(15):
            text = f"{person.id}/{number}"
            response = await try_to_send(person, conversation_id, text)
            if response.status_code == 200:
                answered.append(text)
            else:
                refused.append(response.status_code)

    async def cut() -> None:
        for _ in range(4):
            await asyncio.sleep(0.04)
            await execute(kit.database.admin_url, _CUT)

    await asyncio.gather(cut(), *(write(person) for person in people))
    # The first request on a pool whose connections were cut finds them dead, and the next has new ones.
    while (await people[0].client.get(f"/api/conversations/{conversation_id}")).status_code == 503:
        continue
    shown = [message["body"] for message in (await read(people[0], conversation_id))["messages"]]
    assert set(answered) < set(shown)
    assert len(shown) == len(set(shown))
    assert set(refused) == {503}
    (counts,) = await kit.read(
        "SELECT (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM fhir_communication) AS resources, "
        "(SELECT count(*) FROM outbox WHERE type = 'quill.messaging.message.sent.v1') AS events"
    )
    assert counts == {"messages": len(shown), "resources": len(shown), "events": len(shown)}


async def test_a_lost_database_is_a_503_and_never_an_empty_list(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    await start(amara)
    database = kit.parts.database
    away = database.engines[0].url.set(port=1)
    kit.parts.database = type(database)(away.render_as_string(hide_password=False))
    try:
        response = await amara.client.get("/api/conversations")
    finally:
        await kit.parts.database.close()
        kit.parts.database = database
    assert refusal(response) == (503, "Service temporarily unavailable")
    assert response.headers["Retry-After"]
