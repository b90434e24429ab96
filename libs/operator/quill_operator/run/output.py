"""The log in the foreground: lines of all processes, each named. A slow or closed terminal holds nobody up."""

import os
import queue
import sys
import threading
from typing import Final

_LINES: Final = 20_000


class Output:
    """Prints from a thread of its own; when nobody reads, lines are dropped and counted instead of waited for."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._print_all, name="output", daemon=True)
        self._thread.start()

    def line(self, name: str, text: str) -> None:
        """Print one line of the process called `name`."""
        try:
            self._lines.put_nowait(f"{name:<9} | {text}")
        except queue.Full:
            self._dropped += 1

    def text(self, text: str) -> None:
        """Print as it is."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def close(self, *, seconds: float = 2.0) -> bool:
        """Print what is left, but do not wait long for a reader; whether all was printed."""
        if self._dropped:
            self.line("quill", f"{self._dropped} log lines were not read in time and are lost")
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return False
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _print_all(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                sys.stdout.write(line + "\n")
                if self._lines.empty():
                    sys.stdout.flush()
            except (BrokenPipeError, ValueError):
                _stop_printing()


def _stop_printing() -> None:
    """The reader is gone: what is still buffered must not fail again when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
