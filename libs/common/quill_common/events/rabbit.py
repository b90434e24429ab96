"""RabbitMQ: the fast way to hear of events. Nothing depends on it for being right; the feed holds the truth."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import aio_pika
import orjson
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError

from quill_common.events.envelope import Envelope
from quill_common.log import get_logger
from quill_common.topology import SERVICES, Service, dependants_of, sources_of

PREFETCH = 100
DELIVERY_LIMIT = 20
CONFIRM_SECONDS = 10
RECONNECT_SECONDS = 1.0

Receive = Callable[[Service, Sequence[Envelope]], Awaitable[int]]


class Broker:
    """One service's connection: it publishes its own events and hears those of its sources.

    The topology is declared at every connect: a topic exchange, one durable quorum queue a consuming service, and a
    dead-letter exchange behind each, since a delivery limit without one would delete messages.
    """

    def __init__(self, url: str, service: Service, receive: Receive, prefix: str = "quill") -> None:
        self._url = url
        self._service = service
        self._receive = receive
        self._prefix = prefix
        self._exchange: AbstractExchange | None = None
        self.connected = asyncio.Event()
        self.disconnected = asyncio.Event()
        self.disconnected.set()

    async def publish(self, events: Sequence[bytes]) -> None:
        """Publish envelopes in order, many in flight, and wait until the broker has confirmed each.

        Raises `BrokerUnavailable`; then some may have been delivered, and consumers ignore them the second time.
        """
        if self._exchange is None:
            raise BrokerUnavailable
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await asyncio.gather(*(self._publish_one(self._exchange, event) for event in events))
        except (AMQPError, TimeoutError, OSError, RuntimeError) as problem:
            raise BrokerUnavailable from problem

    async def _publish_one(self, exchange: AbstractExchange, event: bytes) -> None:
        envelope = orjson.loads(event)
        message = aio_pika.Message(
            event,
            content_type="application/cloudevents+json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=envelope["id"],
            type=envelope["type"],
        )
        # An event that nobody consumes yet has no queue; every other must be routable.
        await exchange.publish(message, routing_key=envelope["type"], mandatory=bool(dependants_of(self._service)))

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._session()
            except (AMQPError, OSError, TimeoutError, RuntimeError) as problem:
                get_logger().warning("broker away", error=type(problem).__name__)
            finally:
                self._exchange = None
                self.connected.clear()
                self.disconnected.set()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _session(self) -> None:
        connection = await aio_pika.connect(self._url, timeout=5)
        closed = asyncio.Event()
        connection.close_callbacks.add(lambda *_: closed.set())
        async with connection:
            publishing = await connection.channel(publisher_confirms=True, on_return_raises=True)
            consuming = await connection.channel()
            await consuming.set_qos(prefetch_count=PREFETCH)
            for channel in (publishing, consuming):
                channel.close_callbacks.add(lambda *_: closed.set())
            exchange, queue = await self._declare(publishing, consuming)
            await queue.consume(self._on_message)
            self._exchange = exchange
            self.disconnected.clear()
            self.connected.set()
            await closed.wait()

    async def _declare(
        self, publishing: AbstractChannel, consuming: AbstractChannel
    ) -> tuple[AbstractExchange, AbstractQueue]:
        exchange = await publishing.declare_exchange(f"{self._prefix}.events", "topic", durable=True)
        dead = await publishing.declare_exchange(f"{self._prefix}.dead", "direct", durable=True)
        for service in SERVICES:
            # A publisher declares the queues of all its consumers: what it says must not be lost before they came up.
            if service == self._service or service in dependants_of(self._service):
                await self._declare_queue(publishing, dead, exchange, service)
        return exchange, await consuming.get_queue(self._queue_name(self._service))

    async def _declare_queue(
        self, channel: AbstractChannel, dead: AbstractExchange, exchange: AbstractExchange, service: Service
    ) -> None:
        name = self._queue_name(service)
        graveyard = await channel.declare_queue(f"{name}.dead", durable=True, arguments={"x-queue-type": "quorum"})
        await graveyard.bind(dead, routing_key=name)
        queue = await channel.declare_queue(
            name,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": dead.name,
                "x-dead-letter-routing-key": name,
            },
        )
        for source in sources_of(service):
            await queue.bind(exchange, routing_key=f"quill.{source}.#")

    def _queue_name(self, service: Service) -> str:
        return f"{self._prefix}.{service}"

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        envelope = Envelope.model_validate_json(message.body)
        source: Service = envelope.source.removeprefix("/quill/")  # type: ignore[assignment] # bound by routing key
        try:
            await self._receive(source, (envelope,))
        except Exception as problem:  # quill: allow broad-except - whatever failed, the message must be settled
            get_logger().warning("event not applied yet", source=source, error=type(problem).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)
            await message.nack(requeue=True)
        else:
            await message.ack()


class BrokerUnavailable(Exception):
    """The broker did not take the events."""
