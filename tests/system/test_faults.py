"""Kill what can be killed while people work: nothing acknowledged is lost, nothing happens twice."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from quill_common.testing.private_rabbitmq import PrivateRabbitMQ
from quill_common.topology import SERVICES, sources_of
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import Ward, account, good, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(300)]

WORK_SECONDS = 6.0
MESSAGES_AT_ONCE = 6
SETTLE_SECONDS = 60.0


async def _until_acknowledged(visitor: Visitor, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    """Ask again, with the same Idempotency-Key, until there is an answer that is not a fault."""
    for _ in range(600):
        try:
            answer = await visitor.call("POST", path, body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code < 500 and answer.status_code != 409:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("no answer in a minute")


async def _send_messages(w: Ward, conversation: int, over: asyncio.Event) -> list[str]:
    """Send until it is over; the texts that were acknowledged."""
    sent = []
    while not over.is_set():
        body = secrets.token_hex(8)
        path = f"/api/conversations/{conversation}/messages"
        answer = await _until_acknowledged(w.clinician, path, {"body": body}, body)
        assert answer.status_code == 200, answer.text
        sent.append(body)
    return sent


async def _add_staff(w: Ward, people: list[int], over: asyncio.Event) -> list[int]:
    """Add staff until it is over; those that were acknowledged."""
    added = []
    path = f"/api/organizations/{w.organisation}/staff"
    for user_id in people:
        if over.is_set():
            break
        key = f"staff-{w.organisation}-{user_id}"
        answer = await _until_acknowledged(w.admin, path, {"user_id": user_id}, key)
        assert answer.status_code == 200, answer.text
        added.append(user_id)
    return added


async def _nothing_lost_or_doubled(w: Ward, conversation: int, sent: list[str], added: list[int]) -> None:
    thread = (await good(await w.clinician.call("GET", f"/api/conversations/{conversation}")))["messages"]
    texts = [message["body"] for message in thread[1:]]
    assert sorted(texts) == sorted(sent)
    stored = await w.system.query("SELECT count(*) FROM messaging.fhir_communication")
    messages = await w.system.query("SELECT count(*) FROM messaging.messages")
    assert stored[0][0] == messages[0][0]
    told = await w.system.query(
        "SELECT count(*) FROM messaging.outbox WHERE type = 'quill.messaging.message.sent.v1' AND subject = $1",
        f"conversation/{conversation}",
    )
    assert told[0][0] == len(thread)
    for service in SERVICES:
        await _is_level(w, service, set(added) | {w.clinician_id})


async def _is_level(w: Ward, service: str, staff: set[int]) -> None:
    """The projection of `service` is what orgs holds, its positions are the heads, and its own log has no gap."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while await _behind(w, service):  # noqa: ASYNC110 - other processes move, there is nothing to wait on
            await asyncio.sleep(0.1)
    rows = await w.system.query(
        f"SELECT user_id FROM {service}.access_staff WHERE organisation_id = $1", w.organisation
    )
    assert {row[0] for row in rows} == staff
    gaps = await w.system.query(
        f"SELECT count(*), max(position), count(DISTINCT position) FROM {service}.outbox WHERE position IS NOT NULL"
    )
    assert gaps[0][0] == (gaps[0][1] or 0) == gaps[0][2]
    parked = await w.system.query(f"SELECT count(*) FROM {service}.parked_event")
    assert parked[0][0] == 0


async def _behind(w: Ward, service: str) -> bool:
    for source in sources_of(service):  # type: ignore[arg-type] # one of SERVICES
        head = (await w.system.query(f"SELECT count(*) FROM {source}.outbox"))[0][0]
        at = await w.system.query(f"SELECT position FROM {service}.inbox WHERE source = $1", source)
        if not at or at[0][0] < head:
            return True
    return False


async def _work_through(w: Ward, fault: Callable[[], Awaitable[None]]) -> None:
    started = await good(
        await w.clinician.call("POST", "/api/conversations", {"patient_id": w.patient_id, "initial_message": "first"})
    )
    people = [(await account(w.admin))[0] for _ in range(12)]
    over = asyncio.Event()

    async def go_wrong() -> None:
        await asyncio.gather(fault(), asyncio.sleep(WORK_SECONDS))
        over.set()

    sending = asyncio.gather(*(_send_messages(w, started["id"], over) for _ in range(MESSAGES_AT_ONCE)))
    sent, added, _ = await asyncio.gather(sending, _add_staff(w, people, over), go_wrong())
    texts = [text for some in sent for text in some]
    assert len(texts) > MESSAGES_AT_ONCE
    await _nothing_lost_or_doubled(w, started["id"], texts, added)


@pytest.mark.parametrize("victim", [*SERVICES, "gateway"])
async def test_a_killed_process_loses_and_doubles_nothing(system: RunningSystem, victim: str) -> None:
    async def kill() -> None:
        await asyncio.sleep(1.0)
        old = system.kill(victim)
        if victim != "gateway":
            await asyncio.to_thread(system.wait_until_replaced, victim, old)

    await _work_through(await ward(system), kill)


@pytest.mark.broker
async def test_a_killed_broker_loses_and_doubles_nothing(
    brokered: RunningSystem, private_broker: PrivateRabbitMQ
) -> None:
    async def kill() -> None:
        await asyncio.sleep(1.0)
        await asyncio.to_thread(private_broker.kill)
        await asyncio.sleep(2.0)
        await asyncio.to_thread(private_broker.start)

    await _work_through(await ward(brokered), kill)
