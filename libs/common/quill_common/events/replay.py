"""Read a log from some position on: that of another service by its feed, one's own from the outbox."""

from collections.abc import AsyncIterator, Sequence

from quill_common.events.envelope import Envelope
from quill_common.events.feed import Feed, FeedClient
from quill_common.topology import Service


class Replay:
    """The logs of one service and of those it follows."""

    def __init__(self, own: Feed, feeds: FeedClient) -> None:
        self.own = own
        self._feeds = feeds

    async def events(self, source: Service, after: int, until: int | None = None) -> AsyncIterator[Envelope]:
        """The events after position `after`, to the end or to position `until`. Raises `FeedUnavailable`."""
        async for page in self.pages(source, after, until):
            for event in page:
                yield event

    async def pages(self, source: Service, after: int, until: int | None = None) -> AsyncIterator[Sequence[Envelope]]:
        """The same, some at a time and never none."""
        while (until is None or after < until) and (page := await self._page(source, after)):
            after = page[-1].position
            wanted = page if until is None else [event for event in page if event.position <= until]
            if wanted:
                yield wanted

    async def _page(self, source: Service, after: int) -> Sequence[Envelope]:
        if source != self.own.service:
            return (await self._feeds.read(source, after))[1]
        _, events = await self.own.page(after)
        return [Envelope.model_validate_json(event) for event in events]
