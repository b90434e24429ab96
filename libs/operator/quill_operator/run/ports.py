"""Ports that stay ours while the process behind them is away.

A socket that is bound but does not listen lets a child of ours bind the same port (both set SO_REUSEADDR), while the
kernel gives it to nobody who asks for any free one.
"""

import errno
import socket
from contextlib import ExitStack


class PortTakenError(RuntimeError):
    """Somebody else listens there."""


class Ports:
    """Loopback ports held until `close`."""

    def __init__(self) -> None:
        self._sockets = ExitStack()

    def reserve(self, port: int = 0) -> int:
        """Hold `port`, or any free one for 0. Raises PortTakenError."""
        held = self._sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("127.0.0.1", port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise PortTakenError(f"Port {port} is taken; stop who listens there, or set QUILL_PORT") from None
            if problem.errno == errno.EACCES:
                raise PortTakenError(f"Port {port} is not open to this user; set QUILL_PORT") from None
            raise
        return int(held.getsockname()[1])

    def close(self) -> None:
        self._sockets.close()
