"""A source and a service that follows it, each on its own schema, without HTTP between them."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aio_pika
import pytest
from quill_common.access.events import access_projection
from quill_common.database.engine import Database
from quill_common.events.consumer import Consumer
from quill_common.events.envelope import Envelope, Event
from quill_common.events.feed import Feed, FeedClient, FeedUnavailable
from quill_common.events.parked import ParkedEvents
from quill_common.events.projection import Projection
from quill_common.events.rebuild import Rebuild
from quill_common.events.replay import Replay
from quill_common.events.sequencer import Sequencer
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.testing.database import TestDatabase
from quill_common.testing.together import empty_schema
from quill_common.topology import SERVICES, Service
from sqlalchemy import text


class DirectFeeds(FeedClient):
    """Reads feeds of the same process. `away` makes them unavailable, `reads` counts."""

    def __init__(self, feeds: dict[Service, Feed]) -> None:
        self.feeds = feeds
        self.away = False
        self.reads = 0

    async def read(
        self, source: Service, after: int, *, wait: float = 0.0, limit: int = 500
    ) -> tuple[int, Sequence[Envelope]]:
        if self.away:
            raise FeedUnavailable
        self.reads += 1
        head, events = await self.feeds[source].page(after, limit, wait)
        return head, [Envelope.model_validate_json(event) for event in events]


@dataclass
class Process:
    """One process of a service, put together by hand."""

    name: Service
    database: Database
    feeds: DirectFeeds
    projection: Projection = field(default_factory=access_projection)

    def __post_init__(self) -> None:
        self.units = UnitsOfWork(self.database, self.projection)
        self.sequencer = Sequencer(self.database)
        self.feed = Feed(self.name, self.database, self.sequencer)
        followed: tuple[Service, ...] = () if self.name == "auth" else ("auth",)
        self.consumer = Consumer(followed, self.projection, self.units, self.feeds)
        self.replay = Replay(self.feed, self.feeds)
        self.rebuild = Rebuild(self.database, self.replay, self.consumer, self.projection, self.units)
        self.parked = ParkedEvents(self.projection, self.units, self.replay)

    async def publish(self, *events: Event) -> None:
        async with self.units.open() as work:
            for event in events:
                await work.publish(event)

    async def events(self, after: int = 0) -> list[Envelope]:
        """What the feed gives, to its end."""
        found: list[Envelope] = []
        while page := (await self.feed.page(after))[1]:
            found += [Envelope.model_validate_json(event) for event in page]
            after = found[-1].position
        return found

    async def value(self, sql: str, **params: Any) -> Any:
        async with self.database.reader() as reader:
            return await reader.value(text(sql), params)

    async def values(self, sql: str, **params: Any) -> list[Any]:
        async with self.database.reader() as reader:
            return list(await reader.values(text(sql), params))

    async def run(self, sql: str, **params: Any) -> None:
        async with self.database.writer() as writer:
            await writer.execute(text(sql), params)


NewProcess = Callable[..., Process]


@pytest.fixture
async def process(shared_database: TestDatabase) -> AsyncIterator[NewProcess]:
    """Makes processes: `process("auth")`; all of them read each other's feeds."""
    for name in ("auth", "orgs", "patients", "letters"):
        await empty_schema(shared_database, name)
    feeds: dict[Service, Feed] = {}
    async with AsyncExitStack() as stack:

        def new(name: Service, **more: Any) -> Process:
            database = Database(shared_database.urls[name], 5)
            stack.push_async_callback(database.close)
            made = Process(name, database, DirectFeeds(feeds), **more)
            stack.push_async_callback(made.sequencer.close)
            feeds.setdefault(name, made.feed)
            return made

        yield new


@pytest.fixture
def source(process: NewProcess) -> Process:
    return process("auth")


@pytest.fixture
async def prefix(broker_url: str) -> AsyncIterator[str]:
    """A name of its own for exchanges and queues, gone afterwards."""
    name = f"quill-test-{secrets.token_hex(4)}"
    yield name
    async with await aio_pika.connect(broker_url) as connection:
        channel = await connection.channel()
        for service in SERVICES:
            await channel.queue_delete(f"{name}.{service}")
            await channel.queue_delete(f"{name}.{service}.dead")
        for exchange in ("events", "dead"):
            await channel.exchange_delete(f"{name}.{exchange}")
