"""Hear that the server is told to stop before it waits for the requests that it still has."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_DEFAULTS = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None)


@contextmanager
def told_to_stop(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` on the event loop when the server's own handler of SIGTERM or SIGINT is called.

    uvicorn ends an application only after its last request, so a long poll would hold up the stop.
    """
    loop = asyncio.get_running_loop()
    handlers = {number: handler for number in _SIGNALS if (handler := signal.getsignal(number)) not in _DEFAULTS}

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in handlers:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
