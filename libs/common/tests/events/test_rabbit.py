"""RabbitMQ makes events fast; without it, or with it failing at any moment, their effects are the same."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import SessionRevoked, UserCreated
from quill_common.events.projection import Projection
from quill_common.events.rabbit import Broker, BrokerUnavailable
from quill_common.events.relay import Relay
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.testing.cut import way_to
from quill_common.testing.database import TestDatabase
from quill_common.testing.together import Together, together, user
from quill_common.topology import SERVICES

from .conftest import NewProcess

pytestmark = pytest.mark.broker

APPLIED = "SELECT count(*) FROM access_user"


def telling() -> Projection:
    """A projection that publishes, in the transaction that applies it, that an account was applied."""
    projection = access_projection()

    @projection.reacts_to(UserCreated)
    async def tell(work: UnitOfWork, event: UserCreated) -> None:
        await work.publish(SessionRevoked(user_id=event.id, session_id=str(event.id)))

    return projection


async def each_was_applied_once(two: Together, count: int) -> None:
    told = await two["patients"].read("SELECT subject, count(*) AS times FROM outbox GROUP BY subject")
    assert [row["times"] for row in told] == [1] * count


@asynccontextmanager
async def two(database: TestDatabase, directory: Path, url: str, prefix: str, **more: Any) -> AsyncIterator[Together]:
    async with together(database, directory, ("auth", "patients"), amqp_url=url, amqp_prefix=prefix, **more) as two:
        async with asyncio.timeout(60):
            for service in two.services.values():
                assert service.parts.broker is not None
                await service.parts.broker.connected.wait()
        yield two


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - what is waited for is in a database
            await asyncio.sleep(0.01)


def applied(two: Together, count: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return bool(await two["patients"].value(APPLIED) == count)

    return check


async def test_a_committed_event_is_pushed_and_applied_once(
    shared_database: TestDatabase, key_directory: Path, broker_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quill_common.events.follow.GLANCE_SECONDS", 3600.0)
    async with two(shared_database, key_directory, broker_url, prefix, projections={"patients": telling}) as pair:
        await pair["patients"].parts.consumer.pull("auth")
        await asyncio.sleep(0.1)
        for number in range(50):
            await pair["auth"].publish(user(number))
        await until(applied(pair, 50))
        await each_was_applied_once(pair, 50)
        assert await pair["auth"].value("SELECT published FROM outbox_relay") == 50


async def test_a_connection_cut_in_the_middle_of_publishing_loses_nothing_and_doubles_no_effect(
    shared_database: TestDatabase, key_directory: Path, broker_url: str, prefix: str
) -> None:
    total = 400
    async with (
        way_to(broker_url) as way,
        two(shared_database, key_directory, str(way.url), prefix, projections={"patients": telling}) as pair,
    ):
        done = asyncio.Event()

        async def cut() -> None:
            while not done.is_set() and way.cuts < 8:
                await asyncio.sleep(0.25)
                way.cut()

        cutting = asyncio.create_task(cut())
        for number in range(total):
            await pair["auth"].publish(user(number))
            await asyncio.sleep(0.002)
        done.set()
        await cutting
        assert way.cuts >= 3
        await until(applied(pair, total))
        published = "SELECT published FROM outbox_relay"

        async def relayed() -> bool:
            return bool(await pair["auth"].value(published) == total)

        await until(relayed)
        await each_was_applied_once(pair, total)


async def test_without_the_broker_the_feed_takes_over_and_with_it_the_push_comes_back(
    shared_database: TestDatabase, key_directory: Path, broker_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quill_common.events.follow.GLANCE_SECONDS", 3600.0)
    async with (
        way_to(broker_url) as way,
        two(shared_database, key_directory, str(way.url), prefix) as pair,
    ):
        way.close()
        for name in ("auth", "patients"):
            async with asyncio.timeout(60):
                await pair[name].parts.broker.disconnected.wait()  # type: ignore[union-attr] # each has one
        await pair["auth"].publish(user(1))
        await until(applied(pair, 1))
        _, report = await pair.ready("patients")
        assert report["checks"]["broker"] == {"state": "ok", "connected": False}
        way.open()
        broker = pair["patients"].parts.broker
        assert broker is not None
        async with asyncio.timeout(60):
            await broker.connected.wait()
            await pair["auth"].parts.broker.connected.wait()  # type: ignore[union-attr] # it has one as well
        await pair["auth"].publish(user(2))
        await until(applied(pair, 2))


async def test_queues_are_quorum_queues_with_a_limit_and_a_place_for_the_dead(
    shared_database: TestDatabase, key_directory: Path, broker_url: str, prefix: str
) -> None:
    async with (
        two(shared_database, key_directory, broker_url, prefix),
        await aio_pika.connect(broker_url) as connection,
    ):
        for name in ("patients", "orgs", "letters", "messaging"):
            same: dict[str, Any] = {
                "x-queue-type": "quorum",
                "x-delivery-limit": 20,
                "x-dead-letter-exchange": f"{prefix}.dead",
                "x-dead-letter-routing-key": f"{prefix}.{name}",
            }
            channel = await connection.channel()
            await channel.declare_queue(f"{prefix}.{name}", durable=True, arguments=same)
            for different in ({**same, "x-delivery-limit": 21}, {**same, "x-dead-letter-exchange": "x"}, {}):
                channel = await connection.channel()
                with pytest.raises(aio_pika.exceptions.ChannelPreconditionFailed):
                    await channel.declare_queue(f"{prefix}.{name}", durable=True, arguments=different)
            channel = await connection.channel()
            await channel.declare_queue(f"{prefix}.{name}.dead", passive=True)


async def test_a_message_that_is_no_event_goes_to_the_dead_and_holds_nothing_up(
    shared_database: TestDatabase, key_directory: Path, broker_url: str, prefix: str
) -> None:
    async with (
        two(shared_database, key_directory, broker_url, prefix) as pair,
        await aio_pika.connect(broker_url) as connection,
    ):
        channel = await connection.channel()
        exchange = await channel.get_exchange(f"{prefix}.events")
        foreign = b'{"id":"1","source":"/elsewhere","type":"t","subject":"s","time":"2026-01-01T00:00:00Z"'
        for body in (b"\xff", b"{}", foreign + b',"position":1,"data":{}}'):
            await exchange.publish(aio_pika.Message(body), routing_key="quill.auth.user.created.v1")
        await pair["auth"].publish(user(1))
        await until(applied(pair, 1))
        dead = await channel.get_queue(f"{prefix}.patients.dead")
        async with asyncio.timeout(60), dead.iterator() as messages:
            for _ in range(3):
                await (await anext(messages)).ack()


async def test_an_event_that_cannot_be_routed_is_noticed_and_the_missing_queue_made_again(
    process: NewProcess, broker_url: str, prefix: str
) -> None:
    source = process("auth")
    await source.publish(user(1))
    await source.sequencer.number()
    events = await source.feed.numbered(0)
    broker = Broker(broker_url, "auth", source.consumer.receive, prefix)
    running = asyncio.create_task(broker.run())
    async with await aio_pika.connect(broker_url) as connection, asyncio.timeout(60):
        await broker.connected.wait()
        await broker.publish(events)
        channel = await connection.channel()
        for name in SERVICES:
            await channel.queue_delete(f"{prefix}.{name}")
        with pytest.raises(BrokerUnavailable):
            await broker.publish(events)
        await broker.disconnected.wait()
        await broker.connected.wait()
        await broker.publish(events)
        for name in ("patients", "orgs"):
            declared = await channel.declare_queue(f"{prefix}.{name}", passive=True)
            assert declared.declaration_result.message_count == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_subscription_that_the_broker_ended_is_taken_up_again(
    shared_database: TestDatabase, key_directory: Path, broker_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quill_common.events.rabbit.CHECK_SECONDS", 0.2)
    async with (
        two(shared_database, key_directory, broker_url, prefix) as pair,
        await aio_pika.connect(broker_url) as connection,
    ):
        broker = pair["patients"].parts.broker
        assert broker is not None
        await (await connection.channel()).queue_delete(f"{prefix}.patients")
        async with asyncio.timeout(60):
            await broker.disconnected.wait()
            await broker.connected.wait()
        await pair["auth"].publish(user(1))
        await until(applied(pair, 1))


async def test_of_two_relays_one_publishes_each_batch(process: NewProcess) -> None:
    published: list[bytes] = []

    class Remembering(Broker):
        async def publish(self, events: Any) -> None:
            await asyncio.sleep(0.01)
            published.extend(events)

    relays = []
    for _ in range(2):
        replica = process("auth")
        broker = Remembering("amqp://nowhere", "auth", replica.consumer.receive)
        broker.connected.set()
        relays.append((replica, Relay(replica.database, replica.sequencer, replica.feed, broker)))
    running = [asyncio.create_task(relay.run()) for _, relay in relays]
    for number in range(450):
        await relays[0][0].publish(user(number))
        for _, relay in relays:
            relay.wake()
    source = relays[0][0]

    async def relayed() -> bool:
        return bool(await source.value("SELECT published FROM outbox_relay") == 450)

    await until(relayed)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert published == await source.feed.numbered(0)
