"""`GET /internal/export/Communication`."""

import orjson
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, send, start


async def test_every_message_comes_out_as_a_communication(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara, initial_message="One")
    await send(amara, conversation["id"], "Two\nlines")
    response = await kit.service("operator").get("/internal/export/Communication")
    assert response.status_code == 200
    communications = [orjson.loads(line) for line in response.content.splitlines()]
    assert {each["payload"][0]["contentString"] for each in communications} == {"One", "Two\nlines"}
    [entry] = [entry for entry in await kit.audited() if entry["action"] == "message.export"]
    assert (entry["actor_service"], entry["patient_ids"]) == ("operator", [PATIENT])


async def test_nobody_else_may(kit: ServiceKit) -> None:
    assert (await kit.service("patients").get("/internal/export/Communication")).status_code == 403
    admin = await kit.admin()
    assert (await admin.client.get("/internal/export/Communication")).status_code == 401
