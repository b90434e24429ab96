"""Sending costs the same whatever the thread: a constant number of statements."""

from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, send, start


async def test_sending_costs_as_many_statements_in_a_long_and_crowded_thread_as_in_a_new_one(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    crowd = [(await kit.clinician(HOSPITAL)).id for _ in range(60)]
    new, crowded = await start(amara), await start(amara, participant_ids=crowd)
    for number in range(20):
        await send(amara, crowded["id"], str(number))
    for conversation in (new, crowded):
        with kit.statements() as statements:
            await send(amara, conversation["id"], amends_id=conversation["messages"][0]["id"])
        # Account; thread and access; lock and moment; Communication; message and lists; event; what is on record.
        assert len(statements) == 7
