"""What operators see of every request: one line in the log, a count and a duration. Never a raw path."""

from collections.abc import Callable
from time import perf_counter

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from quill_common.log import get_logger

from quill_gateway.exchange import Exchange

_QUIET = ("/health/", "/metrics")  # asked every few seconds by machines
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)


class Observer:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self._registry.register(collector)
        self._requests = Counter(
            "quill_gateway_requests",
            "Requests answered",
            ("route", "method", "status", "service"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "quill_gateway_request_seconds",
            "From the request's headers to the end of the answer",
            ("route", "method", "service"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._counters: dict[tuple[str, str, int], Callable[[], None]] = {}
        self._timers: dict[tuple[str, str], Callable[[float], None]] = {}

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(read)

    def finished(self, exchange: Exchange) -> None:
        route, method, status, service = exchange.route, exchange.method, exchange.status, exchange.service
        seconds = perf_counter() - exchange.started
        count = self._counters.get((route, method, status))
        if count is None:
            # Looking up the children by label costs more than all the rest, so it is done once.
            count = self._requests.labels(route, method, str(status), service).inc
            self._counters[route, method, status] = count
            self._timers[route, method] = self._seconds.labels(route, method, service).observe
        count()
        self._timers[route, method](seconds)
        if route.startswith(_QUIET):
            return
        get_logger().info(
            "request",
            route=route,
            method=method,
            status=status,
            ms=round(seconds * 1000, 2),
            request_id=exchange.request_id,
        )

    def broken(self, exchange: Exchange) -> None:
        get_logger().warning(
            "answer_broken_off",
            peer=exchange.service,
            route=exchange.route,
            request_id=exchange.request_id,
        )

    def unexpected(self, exchange: Exchange, problem: BaseException) -> None:
        get_logger().error("unexpected_failure", route=exchange.route, request_id=exchange.request_id, exc_info=problem)

    def exposition(self) -> bytes:
        return generate_latest(self._registry)
