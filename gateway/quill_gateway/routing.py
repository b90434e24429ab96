"""Finding the line of the routing table that a request is for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Routed(Protocol):
    """Anything with a method and a path template."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...


RouteT = TypeVar("RouteT", bound=Routed)


@dataclass(slots=True)
class _Node(Generic[RouteT]):
    fixed: dict[str, "_Node[RouteT]"] = field(default_factory=dict)
    any_segment: "_Node[RouteT] | None" = None
    routes: dict[str, RouteT] = field(default_factory=dict)


class Router(Generic[RouteT]):
    """A tree of segments. A fixed segment goes before a `{name}`, separately for each method."""

    def __init__(self, routes: Iterable[RouteT]) -> None:
        self._root: _Node[RouteT] = _Node()
        for route in routes:
            self._add(route)

    def find(self, method: str, segments: list[str]) -> RouteT | None:
        for node in _matches(self._root, segments, 0):
            route = node.routes.get(method)
            if route is not None:
                return route
        return None

    def methods(self, segments: list[str]) -> set[str]:
        """The methods that the path has; empty if there is no such path."""
        return {method for node in _matches(self._root, segments, 0) for method in node.routes}

    def _add(self, route: RouteT) -> None:
        node = self._root
        for segment in route.path[1:].split("/"):
            if segment.startswith("{"):
                node.any_segment = node.any_segment or _Node()
                node = node.any_segment
            else:
                node = node.fixed.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"Two routes for {route.method} {route.path}")
        node.routes[route.method] = route


def _matches(node: _Node[RouteT], segments: list[str], depth: int) -> Iterator[_Node[RouteT]]:
    if depth == len(segments):
        if node.routes:
            yield node
        return
    fixed = node.fixed.get(segments[depth])
    if fixed is not None:
        yield from _matches(fixed, segments, depth + 1)
    if node.any_segment is not None:
        yield from _matches(node.any_segment, segments, depth + 1)
