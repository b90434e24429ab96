"""Setting the status."""

import asyncio
from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, SUMMARY, listed, send, start

STATUSES = ("new", "active", "resolved", "closed")


async def test_any_status_may_follow_any_other_and_the_summary_is_true(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL, full_name="Dr Amara Osei")
    patient = await kit.person("patient", patient_id=PATIENT)
    conversation = await start(amara, include_patient_as_participant=True)
    await send(patient, conversation["id"], "p" * 300)
    for before in STATUSES:
        for after in STATUSES:
            for status in (before, after):
                path = f"/api/conversations/{conversation['id']}"
                response = await amara.client.patch(path, json={"status": status})
                summary = response.json()
                assert (response.status_code, summary["status"]) == (200, status)
                assert [summary] == await listed(amara)
    assert set(summary) == SUMMARY
    assert (summary["is_participant"], summary["can_write"]) == (True, True)
    assert summary["include_patient_as_participant"] is True
    assert (summary["last_message_preview"], summary["unread_count"]) == ("p" * 200, 1)
    assert summary["participants"][0]["display_name"] == "Dr Amara Osei"


async def test_a_status_change_moves_the_conversation_and_is_published_once(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    older, newer = await start(amara), await start(amara)
    path = f"/api/conversations/{older['id']}"
    changed = (await amara.client.patch(path, json={"status": "resolved"})).json()
    again = (await amara.client.patch(path, json={"status": "resolved"})).json()
    assert changed["updated_at"] > newer["updated_at"]
    assert again == changed
    assert [one["id"] for one in await listed(amara)] == [older["id"], newer["id"]]
    event = {"conversation_id": older["id"], "patient_id": PATIENT, "status": "resolved"}
    assert await kit.published("quill.messaging.conversation.status.changed.v1") == [event]


@pytest.mark.parametrize(
    "body", [{}, {"status": "open"}, {"status": None}, {"status": "new", "x": 1}, [], {"status": "\x00"}]
)
async def test_a_bad_status_is_a_422(kit: ServiceKit, body: Any) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    response = await amara.client.patch(f"/api/conversations/{conversation['id']}", json=body)
    assert response.status_code == 422


async def test_a_status_whose_commit_fails_is_not_set(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    before = await listed(amara)
    async with kit.failing_commits("conversations"):
        response = await amara.client.patch(f"/api/conversations/{conversation['id']}", json={"status": "closed"})
    assert response.status_code == 503
    assert await listed(amara) == before
    assert await kit.published("quill.messaging.conversation.status.changed.v1") == []


async def test_the_same_status_set_many_times_at_once_changes_once(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    path = f"/api/conversations/{conversation['id']}"
    answers = await asyncio.gather(*(amara.client.patch(path, json={"status": "closed"}) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await kit.published("quill.messaging.conversation.status.changed.v1")) == 1
