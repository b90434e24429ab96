"""`/api/audit` and `/api/patients/{id}/audit`: the trails of all services as one, for those who may read them."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_auth.testing.people import People, Visitor
from quill_auth.testing.trails import Peer
from quill_common.audit.entry import AuditEntry
from quill_common.identity.service_tokens import ServiceTokenVerifier
from quill_common.testing.kit import SESSION, ServiceKit

PATIENT = "p-1"
Peers = dict[str, Peer]


async def superadmin(people: People) -> Visitor:
    return await people.visitor("superadmin")


async def page(client: httpx.AsyncClient, path: str = "/api/audit", **query: Any) -> dict[str, Any]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def places(found: dict[str, Any]) -> list[tuple[str, int]]:
    return [(entry["service"], entry["id"]) for entry in found["entries"] if entry["service"] != "auth"]


async def test_entries_of_all_services_stand_in_one_order_newest_first(people: People, peers: Peers) -> None:
    peers["letters"].add(20)
    peers["orgs"].add(10)
    peers["messaging"].add(30)
    peers["orgs"].add(25)
    visitor = await superadmin(people)
    assert places(await page(visitor.client)) == [("messaging", 1), ("orgs", 2), ("letters", 1), ("orgs", 1)]


async def test_pages_follow_one_another_without_gap_or_repetition(people: People, peers: Peers) -> None:
    """Most times are shared by several services and by several entries of one."""
    for number in range(40):
        for name in ("orgs", "patients", "letters", "messaging"):
            peers[name].add(number // 5)
    visitor = await superadmin(people)
    seen: list[tuple[str, int]] = []
    cursor: str | None = None
    while True:
        # Only the others: what is asked here is on auth's own trail too, and newer each time.
        found = await page(
            visitor.client, limit=7, until="1980-01-01T00:00:00Z", **({"cursor": cursor} if cursor else {})
        )
        seen += places(found)
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 160


async def test_the_filters_reach_every_service(people: People, peers: Peers) -> None:
    visitor = await superadmin(people)
    query = {
        "patient_id": PATIENT,
        "user_id": "7",
        "subject_user_id": "8",
        "action": "patient.read",
        "outcome": "refused",
        "since": "2026-01-01T00:00:00+01:00",
        "until": "2026-02-01T00:00:00Z",
    }
    await page(visitor.client, **query, limit=5)
    expected = {
        **query,
        "since": "2025-12-31T23:00:00+00:00",
        "until": "2026-02-01T00:00:00+00:00",
        "limit": "6",
    }
    assert [peer.asked for peer in peers.values()] == [[expected]] * 4


async def test_one_service_can_be_asked_alone(people: People, peers: Peers) -> None:
    peers["letters"].add(1)
    peers["orgs"].add(2)
    visitor = await superadmin(people)
    found = await page(visitor.client, service="letters")
    assert [entry["service"] for entry in found["entries"]] == ["letters"]
    assert not peers["orgs"].asked


async def test_who_acted_is_named(people: People, peers: Peers, kit: ServiceKit) -> None:
    doctor, username = await people.account("staff", full_name="Dr Ada Okafor")
    nurse, nurse_name = await people.account("staff")
    peers["patients"].add(1, actor_id=doctor)
    peers["patients"].add(2, actor_id=nurse)
    peers["patients"].add(3, actor_service="operator")
    peers["patients"].add(4, actor_id=99_999)
    visitor = await superadmin(people)
    found = (await page(visitor.client, service="patients"))["entries"]
    assert [entry["actor_name"] for entry in found] == [None, None, nurse_name, "Dr Ada Okafor"]
    assert username not in str(found)


async def test_auths_own_entries_look_as_those_of_the_others(people: People, kit: ServiceKit, peers: Peers) -> None:
    peers["patients"].add(1)
    await kit.parts.audit.record(
        AuditEntry("user.create", session_id=SESSION, subject_user_id=5, details={"level": "staff"})
    )
    visitor = await superadmin(people)
    found = (await page(visitor.client, action="user.create", subject_user_id=5))["entries"]
    own, other = found[0], found[-1]
    assert own["service"] == "auth"
    assert own["details"] == {"level": "staff"}
    assert own["session_id"] == SESSION
    assert own["recorded_at"].endswith("Z")
    assert own.keys() == other.keys()


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b""), (503, b"{}"), (401, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b'{"entries": null}'), (200, b"")],
)
async def test_a_trail_with_a_hole_is_not_shown(people: People, peers: Peers, status: int, body: bytes) -> None:
    peers["orgs"].add(1)
    peers["letters"].status, peers["letters"].body = status, body
    visitor = await superadmin(people)
    answer = await visitor.client.get("/api/audit")
    assert (answer.status_code, answer.json()) == (503, {"detail": "Service temporarily unavailable"})
    assert "retry-after" in answer.headers


async def test_services_are_asked_with_a_token_for_each(
    people: People, peers: Peers, tokens: dict[str, ServiceTokenVerifier]
) -> None:
    visitor = await superadmin(people)
    await page(visitor.client)
    for name, peer in peers.items():
        assert [tokens[name].verify(token) for token in peer.tokens] == ["auth"]


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "staff", "admin"])
async def test_nobody_below_a_superadmin_reads_everything(people: People, peers: Peers, level: str) -> None:
    visitor = await people.visitor(level)
    answer = await visitor.client.get("/api/audit")
    assert (answer.status_code, answer.json()) == (403, {"detail": "Requires superadmin permissions"})
    answer = await visitor.client.get(f"/api/patients/{PATIENT}/audit")
    assert (answer.status_code, answer.json()) == (403, {"detail": "Access denied"})
    assert not any(peer.asked for peer in peers.values())


async def test_people_read_who_looked_at_their_own_record_and_nothing_of_others(people: People, peers: Peers) -> None:
    peers["patients"].add(
        5,
        patient_ids=[PATIENT, "p-2"],
        action="patient.list",
        session_id="11111111-1111-4111-8111-111111111111",
        address="203.0.113.9",
        request_id="r",
        details={"status": 200},
        subject_user_id=3,
    )
    visitor = await people.visitor("patient", patient_id=PATIENT)
    found = await page(visitor.client, f"/api/patients/{PATIENT}/audit", service="ignored")
    assert peers["patients"].asked[0]["patient_id"] == PATIENT
    assert found["entries"][-1] == {
        "service": "patients",
        "id": 1,
        "recorded_at": "1970-01-01T00:00:00.000005Z",
        "actor_id": None,
        "actor_name": None,
        "actor_service": None,
        "action": "patient.list",
        "outcome": "success",
        "target": None,
    }
    assert "p-2" not in str(found)


async def test_reading_the_trail_is_on_record(people: People, kit: ServiceKit, peers: Peers) -> None:
    visitor = await superadmin(people)
    patient = await people.visitor("patient", patient_id=PATIENT)
    await page(visitor.client, patient_id="p-3")
    await page(patient.client, f"/api/patients/{PATIENT}/audit")
    await patient.client.get("/api/audit")
    read = [entry for entry in await kit.audited() if entry["action"] == "audit.read"]
    assert [(entry["actor_id"], entry["patient_id"], entry["outcome"]) for entry in read] == [
        (visitor.id, "p-3", "success"),
        (patient.id, PATIENT, "success"),
        (patient.id, None, "refused"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"user_id": "x"},
        {"user_id": 2**63},
        {"outcome": "maybe"},
        {"service": "billing"},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"action": "'; --"},
        {"patient_id": "a/b"},
    ],
)
async def test_nonsense_is_refused_with_its_place(people: People, query: dict[str, Any]) -> None:
    visitor = await superadmin(people)
    answer = await visitor.client.get("/api/audit", params=query)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", next(iter(query))]


@pytest.mark.parametrize(
    "cursor", ["x", "WzFd", "WzEsOSwxXQ", "Wy0xLDEsMV0", "WzEsMSwtMV0", "WzEwMDAwMDAwMDAwMDAwMDAwMCwxLDFd"]
)
async def test_a_cursor_of_someone_elses_is_refused(people: People, cursor: str) -> None:
    visitor = await superadmin(people)
    answer = await visitor.client.get("/api/audit", params={"cursor": cursor})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid cursor"})


async def test_the_services_are_asked_side_by_side(people: People, peers: Peers) -> None:
    """Four that answer only once all have been asked would otherwise never answer."""
    waiting = asyncio.Barrier(4)
    for peer in peers.values():
        peer.barrier = waiting
    visitor = await superadmin(people)
    await page(visitor.client)
