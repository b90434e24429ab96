"""Ask the services that decide by our events to catch up, and say which have not."""

import asyncio

import aiohttp
import orjson
from sqlalchemy import text

from quill_common.database.engine import Database
from quill_common.events.coalesce import Coalesced
from quill_common.events.feed import Feed
from quill_common.events.sequencer import Sequencer
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.topology import Service

PUSHED_AT_MOST = 50

_DERIVED_HEAD = text("SELECT max(position) FROM outbox WHERE cause = :cause")


class Dependant:
    """One service that projects from us, and how far it has told us that it is."""

    def __init__(
        self,
        name: Service,
        url: str,
        feed: Feed,
        http: aiohttp.ClientSession,
        tokens: ServiceTokens,
        bound: float,
    ) -> None:
        self.name = name
        self.confirmed = -1
        self._url = url
        self._feed = feed
        self._http = http
        self._tokens = tokens
        self._bound = bound
        self._ask_once = Coalesced(self._ask)

    async def reach(self, position: int) -> bool:
        """Whether the dependant has confirmed `position` within the bound."""
        try:
            async with asyncio.timeout(self._bound):
                while self.confirmed < position:
                    if not await self._ask_once():
                        return False
        except TimeoutError:
            return False
        return True

    async def _ask(self) -> bool:
        # The events go along, so that a dependant that is nearly level need not come back for them.
        head = await self._feed.head()
        events = [] if self.confirmed < 0 else (await self._feed.page(self.confirmed, PUSHED_AT_MOST))[1]
        body = b'{"source":"%s","position":%d,"events":[%s]}' % (
            self._feed.service.encode(),
            head,
            b",".join(events),
        )
        try:
            async with self._http.post(
                f"{self._url}/internal/catch-up",
                data=body,
                headers={"Content-Type": "application/json", **self._tokens.headers(self.name)},
                timeout=aiohttp.ClientTimeout(total=self._bound, connect=1),
            ) as response:
                if response.status != 200:
                    return False
                self.confirmed = max(self.confirmed, int(orjson.loads(await response.read())["position"]))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        return True


class Dependants:
    """All services that project from this one."""

    def __init__(self, database: Database, sequencer: Sequencer, dependants: list[Dependant]) -> None:
        self._database = database
        self._sequencer = sequencer
        self._dependants = dependants

    async def confirm(self) -> list[Service]:
        """Wait until all have caught up with everything committed so far; the names of those that have not."""
        return await self._confirm(await self._sequencer.number())

    async def confirm_derived(self, source: Service) -> list[Service]:
        """The same for what this service published because of events of `source`."""
        await self._sequencer.number()
        async with self._database.reader() as reader:
            position = await reader.value(_DERIVED_HEAD, {"cause": source})
        return await self._confirm(position) if position else []

    async def _confirm(self, position: int) -> list[Service]:
        reached = await asyncio.gather(*(dependant.reach(position) for dependant in self._dependants))
        return [dependant.name for dependant, ok in zip(self._dependants, reached, strict=True) if not ok]
