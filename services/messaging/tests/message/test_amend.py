"""Correcting: a new message that names the old one, by its own author, in its own conversation."""

import orjson
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, read, refusal, send, start, try_to_send


async def test_an_amendment_leaves_the_old_message_as_it_is(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    wrong = await send(amara, conversation["id"], "50 mg")
    right = await send(amara, conversation["id"], "5 mg", amends_id=wrong["id"])
    assert (right["amends_id"], right["is_amendment"]) == (wrong["id"], True)
    assert (await read(amara, conversation["id"]))["messages"][1:] == [wrong, right]


async def test_an_amendment_may_be_amended(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    first = conversation["messages"][0]
    second = await send(amara, conversation["id"], "second", amends_id=first["id"])
    third = await send(amara, conversation["id"], "third", amends_id=second["id"])
    assert third["amends_id"] == second["id"]
    (row,) = await kit.read("SELECT content FROM fhir_communication WHERE id = :id", id=third["fhir_communication_id"])
    content = orjson.loads(row["content"])
    assert content["partOf"] == [{"reference": f"Communication/{first['fhir_communication_id']}"}]
    assert content["extension"][1]["valueReference"] == {
        "reference": f"Communication/{second['fhir_communication_id']}"
    }


async def test_what_may_not_be_amended_is_refused_with_its_reason_and_stores_nothing(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    here = await start(amara, participant_ids=[ben.id])
    elsewhere = await start(amara)
    theirs = await send(ben, here["id"])
    cases = {
        2**62: (404, "Amended message not found"),
        -1: (404, "Amended message not found"),
        elsewhere["messages"][0]["id"]: (404, "Amended message is not in this conversation"),
        theirs["id"]: (403, "Can only amend your own messages"),
    }
    for amends_id, expected in cases.items():
        assert refusal(await try_to_send(amara, here["id"], amends_id=amends_id)) == expected
    assert len((await read(amara, here["id"]))["messages"]) == 2
    assert (await kit.read("SELECT count(*) AS n FROM fhir_communication"))[0]["n"] == 3


async def test_who_may_not_write_learns_nothing_of_the_message_to_amend(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, reader, stranger = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL), await kit.clinician(99)
    conversation = await start(amara)
    mine = conversation["messages"][0]["id"]
    for amends_id in (mine, 2**62):
        refused = await try_to_send(reader, conversation["id"], amends_id=amends_id)
        assert refusal(refused) == (403, "User is not a participant")
        refused = await try_to_send(stranger, conversation["id"], amends_id=amends_id)
        assert refusal(refused) == (404, "Conversation not found")
