"""What must exist in RabbitMQ, declared by whoever connects."""

from aio_pika.abc import AbstractChannel, AbstractExchange

from quill_common.topology import SERVICES, Service, dependants_of, sources_of

DELIVERY_LIMIT = 20
# The dead are for looking at; what they tell is in the feed. The oldest give way.
DEAD_AT_MOST = 10_000


class Topology:
    """A topic exchange, one durable quorum queue a consuming service, and a dead-letter queue behind each.

    The dead-letter exchange is needed: a delivery limit without one would delete messages.
    """

    def __init__(self, service: Service, prefix: str) -> None:
        self._service = service
        self._prefix = prefix
        self.queue = self._queue_name(service)

    async def declare(self, channel: AbstractChannel) -> AbstractExchange:
        """Declare all that `service` publishes to and reads from; the exchange to publish to."""
        exchange = await channel.declare_exchange(f"{self._prefix}.events", "topic", durable=True)
        dead = await channel.declare_exchange(f"{self._prefix}.dead", "direct", durable=True)
        for service in SERVICES:
            # A publisher declares the queues of all its consumers: what it says must not be lost before they came up.
            if service == self._service or service in dependants_of(self._service):
                await self._declare_queue(channel, dead, exchange, service)
        return exchange

    async def _declare_queue(
        self, channel: AbstractChannel, dead: AbstractExchange, exchange: AbstractExchange, service: Service
    ) -> None:
        name = self._queue_name(service)
        graveyard = await channel.declare_queue(
            f"{name}.dead", durable=True, arguments={"x-queue-type": "quorum", "x-max-length": DEAD_AT_MOST}
        )
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
