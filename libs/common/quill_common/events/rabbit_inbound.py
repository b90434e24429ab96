"""What arrives on a service's queue: applied in batches, acknowledged after the commit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from types import TracebackType
from typing import Any, cast

from aio_pika.abc import AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from aiormq import Channel
from pydantic import ValidationError

from quill_common.events.envelope import Envelope
from quill_common.log import get_logger
from quill_common.topology import SERVICES, Service

PREFETCH = 100
PAUSE_SECONDS = 1.0

Receive = Callable[[Service, Sequence[Envelope]], Awaitable[int]]
Delivery = tuple[AbstractIncomingMessage, Envelope]


class Inbound:
    """Consumes one queue while it is open."""

    def __init__(self, queue: AbstractQueue, receive: Receive) -> None:
        self._queue = queue
        self._receive = receive
        self._waiting: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._tag = ""

    async def __aenter__(self) -> "Inbound":
        self._task = asyncio.create_task(self._work())
        self._tag = await self._queue.consume(self._waiting.put)
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def consumes(self) -> bool:
        """Whether messages still come: the broker ends a subscription whose queue was deleted without further ado."""
        channel = cast(Channel, await self._queue.channel.get_underlay_channel())
        return self._tag in channel.consumers and not self._task.done()

    async def _work(self) -> None:
        while True:
            messages = [await self._waiting.get()]
            while not self._waiting.empty():
                messages.append(self._waiting.get_nowait())
            try:
                await self._settle(messages)
            except CONNECTION_EXCEPTIONS as problem:
                # Not acknowledged: the broker delivers again, and what was applied is passed over.
                get_logger().warning("broker lost", error=type(problem).__name__)
                return

    async def _settle(self, messages: Sequence[AbstractIncomingMessage]) -> None:
        deliveries = [delivery for message in messages if (delivery := await self._readable(message))]
        for source, of_source in groupby(deliveries, key=lambda delivery: _source_of(delivery[1])):
            await self._apply(cast(Service, source), list(of_source))

    async def _apply(self, source: Service, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._receive(source, [envelope for _, envelope in deliveries])
        except Exception as problem:  # quill: allow broad-except - whatever failed, the messages must be settled
            get_logger().warning("event not applied yet", source=source, error=type(problem).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
            for message, _ in deliveries:
                await message.nack(requeue=True)
        else:
            for message, _ in deliveries:
                await message.ack()

    async def _readable(self, message: AbstractIncomingMessage) -> Delivery | None:
        """The message with its envelope; one that is no event of Quill is sent to the dead."""
        try:
            envelope = Envelope.model_validate_json(message.body)
        except ValidationError:
            envelope = None
        if envelope is None or _source_of(envelope) not in SERVICES:
            get_logger().error("message is no event", message_id=message.message_id)
            await message.reject(requeue=False)
            return None
        return message, envelope


def _source_of(envelope: Envelope) -> Any:
    return envelope.source.removeprefix("/quill/")
