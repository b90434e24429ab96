"""Listing, adding and joining."""

import asyncio
from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, PRACTICE, add, listed, refusal, start

PARTICIPANT = {"user_id", "username", "display_name", "role", "joined_at"}


async def test_participants_are_a_bare_array_in_the_order_in_which_they_joined(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    people = [await kit.clinician(HOSPITAL) for _ in range(4)]
    conversation = await start(people[0])
    for person in reversed(people[1:]):
        added = await add(people[0], conversation["id"], person.id)
        assert (added.status_code, set(added.json())) == (200, PARTICIPANT)
    response = await people[1].client.get(f"/api/conversations/{conversation['id']}/participants")
    order = [people[0], *reversed(people[1:])]
    assert [one["user_id"] for one in response.json()] == [person.id for person in order]
    assert [one["username"] for one in response.json()] == [person.username for person in order]


async def test_adding_somebody_who_is_in_changes_nothing(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    first = await add(amara, conversation["id"], ben.id, role="tagged")
    again = await add(amara, conversation["id"], ben.id, role="participant")
    assert first.json()["role"] == "tagged"
    assert again.json() == first.json()
    assert (await add(ben, conversation["id"], amara.id)).json()["role"] == "initiator"
    assert (await ben.client.post(f"/api/conversations/{conversation['id']}/join")).json() == first.json()
    joined = {"conversation_id": conversation["id"], "patient_id": PATIENT, "user_id": ben.id}
    assert await kit.published("quill.messaging.participant.joined.v1") == [joined]


async def test_only_staff_and_those_who_see_the_patient_can_be_added(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    patient = await kit.person("patient", patient_id=PATIENT)
    relative, granted = await kit.person("patient_advocate"), await kit.person("patient")
    await kit.grant(relative, PATIENT)
    await kit.grant(granted, PATIENT)
    for person in (patient, relative, granted, await kit.admin(), await kit.clinician(PRACTICE)):
        assert (await add(amara, conversation["id"], person.id)).status_code == 200
    elsewhere = await kit.person("external_hcp")
    await kit.grant(elsewhere, "another-patient")
    for person in (elsewhere, await kit.person("patient", organisations=(HOSPITAL,)), await kit.person("unheard_of")):
        assert refusal(await add(amara, conversation["id"], person.id)) == (403, "User has no access to this patient")
    switched_off = await kit.clinician(HOSPITAL, is_active=False)
    for user_id in (switched_off.id, 0, -5, 2**62):
        assert refusal(await add(amara, conversation["id"], user_id)) == (404, "User not found")
    assert len((await listed(amara))[0]["participants"]) == 6


async def test_who_is_added_or_joins_brings_their_organisations_if_of_level_staff(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben, cara = await kit.clinician(HOSPITAL), await kit.clinician(PRACTICE), await kit.clinician(PRACTICE, 30)
    patient = await kit.person("patient", patient_id=PATIENT, organisations=(40,))
    conversation = await start(amara)
    assert await listed(cara) == []
    await add(amara, conversation["id"], ben.id)
    await add(amara, conversation["id"], patient.id)
    outsiders = [await kit.clinician(30), await kit.clinician(40)]
    assert [await listed(person) for person in outsiders] == [[], []]
    assert (await cara.client.post(f"/api/conversations/{conversation['id']}/join")).status_code == 200
    assert [len(await listed(person)) for person in outsiders] == [1, 0]


async def test_joining_needs_level_staff_and_one_of_its_organisations(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    path = f"/api/conversations/{conversation['id']}/join"
    joined = await ben.client.post(path)
    assert (joined.status_code, joined.json()["role"], set(joined.json())) == (200, "participant", PARTICIPANT)
    granted = await kit.clinician(PRACTICE)
    await kit.grant(granted, PATIENT)
    expected = (403, "You must be in one of the message's organisations to join")
    assert refusal(await granted.client.post(path)) == expected
    cases = {
        "patient": "Patients cannot self-join conversations",
        "external_hcp": "External users cannot self-join conversations",
        "patient_advocate": "External users cannot self-join conversations",
    }
    for level, detail in cases.items():
        person = await kit.person(level, organisations=(HOSPITAL,))
        await kit.grant(person, PATIENT)
        for target in (path, "/api/conversations/999999/join"):
            assert refusal(await person.client.post(target)) == (403, detail)
    for person in (await kit.admin(), await kit.clinician(PRACTICE)):
        assert refusal(await person.client.post(path)) == (404, "Conversation not found")


@pytest.mark.parametrize("how", ["add", "join"])
async def test_the_same_person_many_times_at_once_is_in_once(kit: ServiceKit, how: str) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    conversation_id = (await start(amara))["id"]
    path = f"/api/conversations/{conversation_id}/join"
    calls = (add(amara, conversation_id, ben.id) if how == "add" else ben.client.post(path) for _ in range(8))
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(await kit.published("quill.messaging.participant.joined.v1")) == 1


async def test_a_joining_whose_commit_fails_lets_nobody_in(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(PRACTICE)
    conversation_id = (await start(amara))["id"]
    async with kit.failing_commits("conversation_participants"):
        assert (await add(amara, conversation_id, ben.id)).status_code == 503
    assert await listed(ben) == []
    assert await listed(await kit.clinician(PRACTICE)) == []
    assert await kit.published("quill.messaging.participant.joined.v1") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user_id": None},
        {"user_id": "x"},
        {"user_id": 2**63},
        {"user_id": 1, "role": "initiator"},
        {"user_id": 1, "role": None},
        {"user_id": 1, "role": "\x00"},
        {"user_id": 1, "x": 1},
        [],
    ],
    ids=str,
)
async def test_a_bad_addition_is_a_422(kit: ServiceKit, body: Any) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation_id = (await start(amara))["id"]
    response = await amara.client.post(f"/api/conversations/{conversation_id}/participants", json=body)
    assert response.status_code == 422


async def test_listing_participants_costs_as_many_statements_with_fifty_as_with_one(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    many = [(await kit.clinician(HOSPITAL)).id for _ in range(50)]
    for conversation in (await start(amara), await start(amara, participant_ids=many)):
        with kit.statements() as statements:
            await amara.client.get(f"/api/conversations/{conversation['id']}/participants")
        assert len(statements) == 3
