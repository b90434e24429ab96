"""Which events a service applies to its own tables, and how."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from quill_common.database.session import Writer
from quill_common.events.envelope import Envelope, Event
from quill_common.topology import Service

if TYPE_CHECKING:
    from quill_common.events.unit_of_work import UnitOfWork

Handler = Callable[["UnitOfWork", Any], Awaitable[None]]
Handling = TypeVar("Handling", bound=Handler)
Clearer = Callable[[Writer], Awaitable[None]]


class Projection:
    """A registry of handlers by event type; a type without one is read and passed over.

    A service's own events go through the same handlers, inside the transaction that publishes them.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, list[tuple[type[Event], Handler]]] = {}
        self._reactions: dict[str, list[tuple[type[Event], Handler]]] = {}
        self._clearers: dict[Service, list[Clearer]] = {}

    def on(self, *kinds: type[Event]) -> Callable[[Handling], Handling]:
        """Register a handler that keeps projected tables; it also runs when they are built again."""
        return _registrar(self._handlers, kinds)

    def reacts_to(self, *kinds: type[Event]) -> Callable[[Handling], Handling]:
        """Register a handler that changes the service's own data; it runs once and never in a rebuild."""
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

    async def apply_from(self, source: Service, work: "UnitOfWork", event: Envelope) -> None:
        """Apply what `source` says. Nobody speaks for another: a type that is another's is passed over."""
        known = (*self._handlers.get(event.type, ()), *self._reactions.get(event.type, ()))
        if all(kind.source == source for kind, _ in known):
            await self.apply(work, event.type, event.data)

    async def apply(self, work: "UnitOfWork", event_type: str, data: dict[str, Any]) -> None:
        """Apply one event. Raises pydantic's `ValidationError` when `data` is not of that type."""
        for kind, handler in self._handlers.get(event_type, ()):
            await handler(work, kind.model_validate(data))
        if not work.replaying:
            for kind, handler in self._reactions.get(event_type, ()):
                await handler(work, kind.model_validate(data))

    async def apply_own(self, work: "UnitOfWork", event: Event) -> None:
        """Apply an event that this service itself publishes."""
        for _, handler in self._handlers.get(event.type, ()):
            await handler(work, event)

    async def clear(self, writer: Writer, source: Service) -> None:
        for clearer in self._clearers.get(source, ()):
            await clearer(writer)


def _registrar(
    handlers: dict[str, list[tuple[type[Event], Handler]]], kinds: tuple[type[Event], ...]
) -> Callable[[Handling], Handling]:
    def register(handler: Handling) -> Handling:
        for kind in kinds:
            handlers.setdefault(kind.type, []).append((kind, handler))
        return handler

    return register
