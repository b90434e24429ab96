"""Which events a service applies to its own tables, and how."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from quill_common.database.session import Writer
from quill_common.events.envelope import Envelope, Event
from quill_common.topology import Service

if TYPE_CHECKING:
    from quill_common.events.unit_of_work import UnitOfWork

Handler = Callable[["UnitOfWork", Any], Awaitable[None]]
Handling = TypeVar("Handling", bound=Handler)
# Registered under a type: the model of its data, and what takes events of it, one at least.
Registered = dict[str, list[tuple[type[Event], Handler]]]
Clearer = Callable[[Writer], Awaitable[None]]


class Projection:
    """A registry of handlers by event type; a type without one is read and passed over.

    A service's own events go through the same handlers, inside the transaction that publishes them. A handler takes one
    event, or, registered by `…_many`, events that followed each other and are of one type and one request.
    """

    def __init__(self) -> None:
        self._handlers: Registered = {}
        self._reactions: Registered = {}
        self._clearers: dict[Service, list[Clearer]] = {}

    def on(self, *kinds: type[Event]) -> Callable[[Handling], Handling]:
        """Register a handler that keeps projected tables; it also runs when they are built again."""
        return _registrar(self._handlers, kinds, _each)

    def on_many(self, *kinds: type[Event]) -> Callable[[Handling], Handling]:
        """The same for a handler that takes a sequence of events, in their order."""
        return _registrar(self._handlers, kinds)

    def reacts_to(self, *kinds: type[Event]) -> Callable[[Handling], Handling]:
        """Register a handler that changes the service's own data; it runs once and never in a rebuild."""
        return _registrar(self._reactions, kinds, _each)

    def reacts_to_many(self, *kinds: type[Event]) -> Callable[[Handling], Handling]:
        """The same for a handler that takes a sequence of events, in their order."""
        return _registrar(self._reactions, kinds)

    def clears(self, source: Service) -> Callable[[Clearer], Clearer]:
        """Register what empties the tables fed by `source`, before they are built again from its feed."""

        def register(clearer: Clearer) -> Clearer:
            self._clearers.setdefault(source, []).append(clearer)
            return clearer

        return register

    @property
    def reacts(self) -> bool:
        """Whether events of others make this service publish events of its own."""
        return bool(self._reactions)

    def keeps(self, event: Event) -> bool:
        """Whether some projected table depends on events of this type."""
        return event.type in self._handlers

    async def apply_from(self, source: Service, work: "UnitOfWork", events: Sequence[Envelope]) -> None:
        """Apply what `source` says. Nobody speaks for another: a type that is another's is passed over."""
        for run in _runs(events):
            event_type = run[0].type
            known = (*self._handlers.get(event_type, ()), *self._reactions.get(event_type, ()))
            if known and all(kind.source == source for kind, _ in known):
                work.request_id = run[0].requestid
                await self.apply(work, event_type, *(event.data for event in run))

    async def apply(self, work: "UnitOfWork", event_type: str, *data: dict[str, Any]) -> None:
        """Apply events of one type. Raises pydantic's `ValidationError` when some of `data` is not of it."""
        for kind, handler in self._handlers.get(event_type, ()):
            await handler(work, [kind.model_validate(each) for each in data])
        if not work.replaying:
            for kind, handler in self._reactions.get(event_type, ()):
                await handler(work, [kind.model_validate(each) for each in data])

    async def apply_own(self, work: "UnitOfWork", events: Sequence[Event]) -> None:
        """Apply events that this service itself publishes."""
        for event_type, run in groupby(events, key=lambda event: event.type):
            same = list(run)
            for _, handler in self._handlers.get(event_type, ()):
                await handler(work, same)

    async def clear(self, writer: Writer, source: Service) -> None:
        for clearer in self._clearers.get(source, ()):
            await clearer(writer)


def _runs(events: Sequence[Envelope]) -> Iterator[list[Envelope]]:
    """Those that followed each other and are of one type; of one request, which is on record with what it leads to."""
    for _, run in groupby(events, key=lambda event: (event.type, event.requestid)):
        yield list(run)


def _each(handler: Handler) -> Handler:
    async def one_by_one(work: "UnitOfWork", events: Sequence[Event]) -> None:
        for event in events:
            await handler(work, event)

    return one_by_one


def _registrar(
    handlers: Registered, kinds: tuple[type[Event], ...], adapt: Callable[[Handler], Handler] = lambda handler: handler
) -> Callable[[Handling], Handling]:
    def register(handler: Handling) -> Handling:
        for kind in kinds:
            handlers.setdefault(kind.type, []).append((kind, adapt(handler)))
        return handler

    return register
