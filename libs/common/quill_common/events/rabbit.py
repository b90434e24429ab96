"""RabbitMQ: the fast way to hear of events. Nothing depends on it for being right; the feed holds the truth."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import aio_pika
import orjson
from aio_pika.abc import AbstractConnection, AbstractExchange
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from quill_common.events.rabbit_inbound import PREFETCH, Inbound, Receive
from quill_common.events.rabbit_topology import Topology
from quill_common.log import get_logger
from quill_common.topology import Service, dependants_of
from quill_common.waiting import wait_for

CONNECT_SECONDS = 5
CONFIRM_SECONDS = 10
RECONNECT_SECONDS = 1.0
CHECK_SECONDS = 5.0


class BrokerUnavailable(Exception):
    """The broker did not take the events."""


class Broker:
    """One service's connection: it publishes its own events and hears those of its sources.

    The topology is declared at every connect, and the connection made anew whenever something of it is missing.
    """

    def __init__(self, url: str, service: Service, receive: Receive, prefix: str = "quill") -> None:
        self._url = url
        self._topology = Topology(service, prefix)
        self._receive = receive
        # An event that nobody consumes yet has no queue; every other must be routable.
        self._mandatory = bool(dependants_of(service))
        self._exchange: AbstractExchange | None = None
        self._closed = asyncio.Event()
        self.connected = asyncio.Event()
        self.disconnected = asyncio.Event()
        self.disconnected.set()

    async def publish(self, events: Sequence[bytes]) -> None:
        """Publish envelopes in order, many in flight, and wait until the broker has confirmed each.

        Raises `BrokerUnavailable`, also when one could not be routed; then some may have been delivered, and
        consumers ignore them the second time.
        """
        if self._exchange is None:
            raise BrokerUnavailable
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await asyncio.gather(*(self._publish_one(self._exchange, event) for event in events))
        except CONNECTION_EXCEPTIONS as problem:
            # Whatever is wrong, a new connection declares all that is needed.
            self._closed.set()
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
        await exchange.publish(message, routing_key=envelope["type"], mandatory=self._mandatory)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._session()
            except CONNECTION_EXCEPTIONS as problem:
                get_logger().warning("broker away", error=type(problem).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _session(self) -> None:
        """Connect, declare, and serve until the connection is lost."""
        self._closed = closed = asyncio.Event()
        connection = await aio_pika.connect(self._url, timeout=CONNECT_SECONDS)
        connection.close_callbacks.add(lambda *_: closed.set())
        try:
            await self._serve(connection, closed)
        finally:
            self._exchange = None
            self.connected.clear()
            self.disconnected.set()
            with suppress(*CONNECTION_EXCEPTIONS):
                await connection.close()

    async def _serve(self, connection: AbstractConnection, closed: asyncio.Event) -> None:
        publishing = await connection.channel(publisher_confirms=True, on_return_raises=True)
        consuming = await connection.channel()
        await consuming.set_qos(prefetch_count=PREFETCH)
        for channel in (publishing, consuming):
            channel.close_callbacks.add(lambda *_: closed.set())
        exchange = await self._topology.declare(publishing)
        async with Inbound(await consuming.get_queue(self._topology.queue), self._receive) as inbound:
            self._exchange = exchange
            self.disconnected.clear()
            self.connected.set()
            while not await wait_for(closed, CHECK_SECONDS):
                if not await inbound.consumes():
                    return
