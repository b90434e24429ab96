"""Lists: what they show, in which order, page by page, at the same number of statements whatever the size."""

import itertools
from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, PRACTICE, SUMMARY, listed, refusal, send, start


async def pages(person: Person, path: str = "/api/conversations", **query: Any) -> list[list[int]]:
    """The ids of every page."""
    found: list[list[int]] = []
    cursor: str | None = ""
    while cursor is not None:
        response = await person.client.get(path, params=query | {"cursor": cursor})
        assert response.status_code == 200, response.text
        page = response.json()
        found.append([one["id"] for one in page["conversations"]])
        cursor = page["next_cursor"]
    return found


async def test_a_summary_is_as_the_contract_says(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    conversation = await start(amara, subject="Dose", participant_ids=[ben.id])
    message = await send(amara, conversation["id"], "é" * 199 + "\U0001f9e0" + "rest")
    (summary,) = await listed(ben)
    assert set(summary) == SUMMARY
    assert summary["last_message_preview"] == "é" * 199 + "\U0001f9e0"
    assert summary["last_message_time"] == summary["updated_at"] == message["created_at"]
    assert (summary["unread_count"], summary["status"], summary["subject"]) == (2, "active", "Dose")
    assert [one["user_id"] for one in summary["participants"]] == [amara.id, ben.id]


async def test_everyone_is_shown_each_conversation_once_however_many_ways_lead_to_it(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL, PRACTICE)
    amara = await kit.clinician(HOSPITAL, PRACTICE)
    await kit.grant(amara, PATIENT)
    ids = [(await start(amara))["id"] for _ in range(3)]
    assert [one["id"] for one in await listed(amara)] == ids[::-1]


async def test_pages_follow_each_other_without_gap_or_repeat(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    await kit.patient("granted", PRACTICE)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(PRACTICE)
    await kit.grant(amara, "granted")
    ids = []
    for number in range(7):
        ids.append((await start(amara))["id"])
        ids.append((await start(ben, patient_id="granted", participant_ids=[amara.id] if number % 2 else []))["id"])
        await start(ben, patient_id="granted")
    seen = [one["id"] for one in await listed(amara)]
    assert len(seen) == len(set(seen)) == 21
    assert set(ids) < set(seen)
    for limit in (1, 2, 5, 20, 21, 1000):
        found = await pages(amara, limit=limit)
        assert list(itertools.chain(*found)) == seen
        assert {len(page) for page in found[:-1]} <= {limit}


async def test_a_page_is_stable_when_new_conversations_arrive(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    ids = [(await start(amara))["id"] for _ in range(4)]
    first = (await amara.client.get("/api/conversations", params={"limit": 2})).json()
    await start(amara)
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await amara.client.get("/api/conversations", params=query)).json()
    assert [one["id"] for one in second["conversations"]] == [ids[1], ids[0]]
    assert second["next_cursor"] is None


async def test_filters_match_exactly_and_an_unknown_value_matches_nothing(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    await kit.patient("other", HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    mine, other = (await start(amara))["id"], (await start(amara, patient_id="other"))["id"]
    await send(amara, other)
    cases: list[tuple[dict[str, str], list[int]]] = [
        ({"status": "new"}, [mine]),
        ({"status": "active"}, [other]),
        ({"status": "NEW"}, []),
        ({"status": "x" * 5000}, []),
        ({"status": ""}, [other, mine]),
        ({"patient_id": PATIENT}, [mine]),
        ({"patient_id": "oth"}, []),
        ({"patient_id": "%"}, []),
        ({"patient_id": "other", "status": "active"}, [other]),
        ({"patient_id": "other", "status": "new"}, []),
    ]
    for query, expected in cases:
        assert [one["id"] for one in await listed(amara, **query)] == expected, query
    assert await pages(amara, limit=1, status="active") == [[other]]


async def test_the_conversations_of_a_patient_need_access_to_the_patient(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    path = f"/api/patients/{PATIENT}/conversations"
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(PRACTICE)
    admin, relative = await kit.admin(), await kit.person("patient_advocate")
    await kit.grant(relative, PATIENT)
    patient = await kit.person("patient", patient_id=PATIENT)
    first = (await start(amara, participant_ids=[ben.id]))["id"]
    second = (await start(amara, participant_ids=[admin.id, patient.id]))["id"]
    assert await pages(amara, path, limit=1) == [[second], [first]]
    assert await pages(relative, path) == [[second, first]]
    assert await pages(admin, path) == [[second]]
    assert await pages(patient, path) == [[second]]
    # Takes part, but neither shares an organisation with the patient nor holds a grant.
    assert await pages(ben, path) == [[]]
    assert [one["id"] for one in await listed(ben, patient_id=PATIENT)] == [first]
    assert await pages(await kit.clinician(99), path) == [[]]
    assert await pages(amara, "/api/patients/unknown/conversations") == [[]]
    assert await pages(amara, path, status="active") == [[]]


@pytest.mark.parametrize(
    "cursor",
    ["x", "AAAA", "bnVsbA", "WzEsMl0x", "WyJhIiwxXQ", "WzEsMiwzXQ", "WzFlOSwxXQ", "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsMV0"],
)
async def test_a_cursor_that_is_not_ours_is_refused(kit: ServiceKit, cursor: str) -> None:
    amara = await kit.clinician(HOSPITAL)
    for path in ("/api/conversations", f"/api/conversations?patient_id={PATIENT}"):
        response = await amara.client.get(
            path, params={"cursor": cursor} | ({"patient_id": "p"} if "?" in path else {})
        )
        assert refusal(response) == (400, "Invalid cursor")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "status=%00", "patient_id=a%00b"])
async def test_a_bad_query_is_a_422(kit: ServiceKit, query: str) -> None:
    amara = await kit.clinician(HOSPITAL)
    response = await amara.client.get(f"/api/conversations?{query}")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][0] in ("query", "path")


async def test_a_list_costs_as_many_statements_with_200_conversations_as_with_one(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    counts: dict[str, list[int]] = {}
    for number in range(200):
        await start(amara, participant_ids=[ben.id] if number % 3 else [])
        if number not in (0, 199):
            continue
        for path in ("/api/conversations", f"/api/patients/{PATIENT}/conversations"):
            with kit.statements() as statements:
                response = await amara.client.get(path)
            assert len(response.json()["conversations"]) == number + 1
            counts.setdefault(path, []).append(len(statements))
    assert list(counts.values()) == [[3, 3], [4, 4]]
