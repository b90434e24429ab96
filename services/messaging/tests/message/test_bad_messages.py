"""What cannot be a message is refused before anything is stored."""

from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, read, start, try_to_send

BAD: list[Any] = [
    {},
    {"body": None},
    {"body": ""},
    {"body": " \n\t\u2003"},
    {"body": "x" * 20_001},
    {"body": "a\x00b"},
    {"body": 5},
    {"body": ["x"]},
    {"body": "x", "amends_id": "one"},
    {"body": "x", "amends_id": 2**63},
    {"body": "x", "amends_id": -(2**63) - 1},
    {"body": "x", "amends_id": 10**400},
    {"body": "x", "amends_id": 1.5},
    {"body": "x", "amends_id": {}},
    {"body": "x", "sender_id": 1},
    [],
    "text",
    None,
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad)[:40])
async def test_a_bad_message_is_a_422_and_stores_nothing(kit: ServiceKit, bad: Any) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    response = await amara.client.post(f"/api/conversations/{conversation['id']}/messages", json=bad)
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["loc"][0] == "body"
    assert len((await read(amara, conversation["id"]))["messages"]) == 1


@pytest.mark.parametrize(
    "raw", [b'{"body": "\\ud800"}', b'{"body": "\xff\xfe"}', b'{"body": "x"', b"\xff", b"", b"[" * 100_000], ids=repr
)
async def test_a_body_that_is_no_text_is_a_422(kit: ServiceKit, raw: bytes) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    path = f"/api/conversations/{conversation['id']}/messages"
    response = await amara.client.post(path, content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422), response.text


async def test_the_longest_message_comes_back_as_it_came(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    conversation = await start(amara)
    text = "  \U0001f9e0 \u202e<script>é\r\n" + "x" * 19_980
    response = await try_to_send(amara, conversation["id"], text[:20_000])
    assert response.status_code == 200, response.text
    assert (await read(amara, conversation["id"]))["messages"][-1]["body"] == text[:20_000]


@pytest.mark.parametrize("path_id", ["0", "-1", str(2**63 - 1), str(2**63), "1.5", "x", "1%00", "9" * 500])
async def test_an_id_that_names_no_conversation_is_a_404_or_422_everywhere(kit: ServiceKit, path_id: str) -> None:
    amara = await kit.clinician(HOSPITAL)
    base = f"/api/conversations/{path_id}"
    answers = [
        await amara.client.get(base),
        await amara.client.patch(base, json={"status": "closed"}),
        await amara.client.post(f"{base}/messages", json={"body": "x"}),
        await amara.client.get(f"{base}/participants"),
        await amara.client.post(f"{base}/participants", json={"user_id": 1}),
        await amara.client.post(f"{base}/join"),
        await amara.client.post(f"{base}/read"),
    ]
    statuses = {response.status_code for response in answers}
    assert len(statuses) == 1
    assert statuses <= {404, 422}
