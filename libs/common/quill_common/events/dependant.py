"""One service that projects from us, and how far it has told us that it is."""

import asyncio
from functools import partial

import aiohttp
import orjson
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from quill_common.events.coalesce import Coalesced
from quill_common.events.feed import Feed
from quill_common.events.sequencer import Sequencer
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.log import get_logger
from quill_common.topology import Service

PUSHED_AT_MOST = 50
# How long a write waits for one that let the last one wait in vain: enough for one that is well again.
IMPATIENT_SECONDS = 0.2
CONNECT_SECONDS = 1.0

Chain = tuple[Service, ...]
Pending = frozenset[Service]


class CaughtUp(BaseModel):
    """The answer to a wish to catch up; `pending` have not yet what the dependant published in consequence."""

    position: int
    pending: frozenset[Service] = frozenset()


class Dependant:
    """Asks one dependant; all writes that wait at the same time share the asking."""

    def __init__(
        self,
        name: Service,
        url: str,
        feed: Feed,
        sequencer: Sequencer,
        http: aiohttp.ClientSession,
        tokens: ServiceTokens,
        bound: float,
    ) -> None:
        self.name: Service = name
        self._url = f"{url}/internal/catch-up"
        self._feed = feed
        self._sequencer = sequencer
        self._http = http
        self._tokens = tokens
        self._bound = bound
        self._prompt = True
        self._known = -1
        self._confirmed: dict[Chain, int] = {}
        self._asking: dict[Chain, Coalesced[Pending]] = {}

    async def reach(self, position: int, chain: Chain) -> Pending:
        """Who has not confirmed `position` within the bound: empty, or this dependant, or those that project from it.

        Positions up to `position` must have been numbered by this process. One asking a chain: asks of a chain wait
        for asks of longer chains only, and never for one another.
        """
        ask = self._asking.setdefault(chain, Coalesced(partial(self._ask, chain)))
        try:
            async with asyncio.timeout(self._bound / len(chain) if self._prompt else IMPATIENT_SECONDS):
                while self._level(chain) < position:
                    if pending := await ask():
                        return pending
        except TimeoutError:
            self._prompt = False
            return frozenset({self.name})
        return frozenset()

    async def close(self) -> None:
        """Stop asking."""
        await asyncio.gather(*(asking.close() for asking in self._asking.values()))

    def _level(self, chain: Chain) -> int:
        # What was confirmed beyond our own head was confirmed of a log that we have lost since.
        confirmed = self._confirmed.get(chain, -1)
        return confirmed if confirmed <= self._sequencer.head else -1

    async def _ask(self, chain: Chain) -> Pending:
        try:
            answer = await self._post(await self._wish(chain))
            if answer is not None and await self._has_lost(answer.position):
                answer = None
        except TimeoutError:
            self._prompt = False
            return frozenset({self.name})
        except (aiohttp.ClientError, SQLAlchemyError, OSError, ValidationError):
            return frozenset({self.name})
        self._prompt = True
        if answer is None:
            return frozenset({self.name})
        self._known = answer.position
        if not answer.pending:
            self._confirmed[chain] = answer.position
        return answer.pending

    async def _wish(self, chain: Chain) -> bytes:
        # The events go along, so that a dependant that is nearly level need not come back for them.
        head = self._sequencer.head
        events = await self._feed.numbered(self._known, PUSHED_AT_MOST) if 0 <= self._known < head else []
        return b'{"source":"%s","position":%d,"chain":%s,"events":[%s]}' % (
            self._feed.service.encode(),
            head,
            orjson.dumps(chain),
            b",".join(events),
        )

    async def _post(self, wish: bytes) -> CaughtUp | None:
        headers = {"Content-Type": "application/json", **self._tokens.headers(self.name)}
        limits = aiohttp.ClientTimeout(total=self._bound, connect=CONNECT_SECONDS)
        for again in (True, True, False):
            try:
                async with self._http.post(self._url, data=wish, headers=headers, timeout=limits) as response:
                    if response.status != 200:
                        return None
                    return CaughtUp.model_validate_json(await response.read())
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # A kept connection to a process that is gone; asking twice does no harm.
                if not again:
                    raise
        return None

    async def _has_lost(self, answered: int) -> bool:
        """Whether the dependant has applied more than was ever published here: our database is an older one."""
        if answered <= self._sequencer.head or answered <= await self._sequencer.number():
            return False
        get_logger().error("dependant is ahead of us", dependant=self.name, theirs=answered)
        return True
