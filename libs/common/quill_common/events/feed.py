"""The feed: a service's events in order, for whoever lacks some. Server side and client side."""

from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson
from sqlalchemy import Row, bindparam, select

from quill_common.database.engine import Database
from quill_common.events.envelope import Envelope
from quill_common.events.sequencer import Sequencer
from quill_common.events.tables import Outbox
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.topology import Service

MAX_PAGE = 500
MAX_WAIT_SECONDS = 20.0

_PAGE = (
    select(Outbox.position, Outbox.type, Outbox.subject, Outbox.data, Outbox.time, Outbox.request_id)
    .where(Outbox.position > bindparam("after"))
    .order_by(Outbox.position)
    .limit(bindparam("limit"))
)


class FeedUnavailable(Exception):
    """The source cannot be asked now."""


class Feed:
    """What this service has published."""

    def __init__(self, service: Service, database: Database, sequencer: Sequencer) -> None:
        self.service = service
        self._database = database
        self._sequencer = sequencer

    async def head(self) -> int:
        """The position of the last event committed so far."""
        return await self._sequencer.number()

    async def page(self, after: int, limit: int = MAX_PAGE, wait: float = 0.0) -> tuple[int, list[bytes]]:
        """The head and up to `limit` envelopes after position `after`, waiting up to `wait` seconds for one."""
        head = await self._sequencer.number()
        if head <= after and wait > 0:
            await self._sequencer.wait_beyond(after, min(wait, MAX_WAIT_SECONDS))
            head = self._sequencer.head
        if head <= after:
            return head, []
        async with self._database.reader() as reader:
            rows = await reader.rows(_PAGE, {"after": after, "limit": min(limit, MAX_PAGE)})
        return head, [self._envelope(row) for row in rows]

    def _envelope(self, row: Row[Any]) -> bytes:
        return orjson.dumps(
            {
                "specversion": "1.0",
                "id": f"{self.service}/{row.position}",
                "source": f"/quill/{self.service}",
                "type": row.type,
                "subject": row.subject,
                "time": row.time,
                "datacontenttype": "application/json",
                "position": row.position,
                "requestid": row.request_id,
                "data": orjson.Fragment(row.data),
            }
        )


class FeedClient:
    """Reads the feeds of other services."""

    def __init__(self, http: aiohttp.ClientSession, tokens: ServiceTokens, urls: dict[Service, str]) -> None:
        self._http = http
        self._tokens = tokens
        self._urls = urls

    async def read(
        self, source: Service, after: int, *, wait: float = 0.0, limit: int = MAX_PAGE
    ) -> tuple[int, Sequence[Envelope]]:
        """The head of `source` and the envelopes after position `after`. Raises `FeedUnavailable`."""
        params = {"after": str(after), "limit": str(limit), "wait": str(wait)}
        try:
            async with self._http.get(
                f"{self._urls[source]}/internal/events",
                params=params,
                headers=self._tokens.headers(source),
                timeout=aiohttp.ClientTimeout(total=wait + 10, connect=2),
            ) as response:
                if response.status != 200:
                    raise FeedUnavailable(f"{source} answered {response.status}")
                body = orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise FeedUnavailable(f"{source} cannot be reached") from problem
        return int(body["head"]), [Envelope.model_validate(event) for event in body["events"]]
