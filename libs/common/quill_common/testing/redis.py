"""A Redis for a test run.

`QUILL_TEST_REDIS_URL`: URL of a server to use as it is. Unset: `redis-server` of this machine, started privately on a
port of its own without files, gone after the run; else none.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from quill_common.embedded.account import become
from quill_common.testing.private_rabbitmq import free_port

URL_VARIABLE: Final = "QUILL_TEST_REDIS_URL"
_START_SECONDS: Final = 60.0


class RedisDidNotStartError(RuntimeError):
    """The private server ended or does not answer."""


@contextmanager
def redis_server() -> Iterator[str | None]:
    """Yield a redis URL, or None when no server can be had."""
    given, program = os.environ.get(URL_VARIABLE), shutil.which("redis-server")
    if given or program is None:
        yield given or None
        return
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=become(None, stop_with_parent=signal.SIGTERM),
    )  # fmt: skip
    try:
        _await_answer(process, port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _await_answer(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(5) == b"+PONG":
                return
        time.sleep(0.05)
    raise RedisDidNotStartError(f"redis-server does not answer at port {port}")
