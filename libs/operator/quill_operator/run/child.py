"""One process of the system: started, listened to, started again when it dies, stopped in the end."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from quill_common.embedded.account import become

from quill_operator.run.output import Output

STOP_SECONDS: Final = 8.0
HEALTHY_SECONDS: Final = 10.0
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 5.0
EX_CONFIG: Final = 78  # sysexits.h; quill_common.settings ends with it: starting again would not help

# mallopt(3): memory of Argon2's size goes back to the system when a hash is done, and threads share their arenas.
_MEMORY: Final = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(4 * 2**20)}

# Proxy headers stay off: from 127.0.0.1 uvicorn would believe any client's X-Forwarded-For.
_SERVER: Final = (
    "--host", "127.0.0.1", "--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "on",
    "--log-level", "warning", "--no-access-log", "--no-server-header", "--no-proxy-headers",
    "--timeout-graceful-shutdown", "3", "--timeout-keep-alive", "75",
)  # fmt: skip


class CannotStartError(RuntimeError):
    """A process says that its settings are wrong."""


class Child:
    """An ASGI application under uvicorn at a port of its own."""

    def __init__(self, name: str, port: int, environment: Mapping[str, str], output: Output) -> None:
        self.name = name
        self.port = port
        self.process: asyncio.subprocess.Process | None = None
        self._environment = dict(environment)
        self._output = output
        self._stopping = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def keep_running(self, started: Callable[[], None]) -> None:
        """Start, and start again after every death, calling `started` each time; return only after `stop`.

        Raises CannotStartError when the process refuses its settings.
        """
        pause = FIRST_PAUSE
        while not self._stopping:
            begun = time.monotonic()
            code = await self._run_once(started)
            if self._stopping:
                return
            if code == EX_CONFIG:
                raise CannotStartError(f"{self.name} cannot start: see its lines above")
            if time.monotonic() - begun > HEALTHY_SECONDS:
                pause = FIRST_PAUSE
            self._output.line("quill", f"{self.name} ended ({_cause(code)}); starting it again")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self) -> None:
        """Ask it to end; make it end after STOP_SECONDS."""
        self._stopping = True
        process = self.process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            self._output.line("quill", f"{self.name} does not end; killing it")
            await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        self._stopping = True
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    async def _run_once(self, started: Callable[[], None]) -> int:
        self.process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uvicorn", _application(self.name), "--port", str(self.port), *_SERVER,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,  # ctrl-C is ours to pass on, in order
            preexec_fn=become(None, stop_with_parent=signal.SIGKILL),
        )  # fmt: skip
        started()
        await self._forward(process)
        return await process.wait()

    async def _forward(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        rest = b""
        while chunk := await process.stdout.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._output.line(self.name, line.decode(errors="replace"))
        if rest:
            self._output.line(self.name, rest.decode(errors="replace"))


def environment_of_children(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what only the operator may know, and with `settings`."""
    private = ("QUILL_DATABASE_URL", "QUILL_ADMIN_USERNAME", "QUILL_ADMIN_EMAIL", "QUILL_ADMIN_PASSWORD")
    inherited = {name: value for name, value in os.environ.items() if name not in private}
    return _MEMORY | inherited | {"PYTHONUNBUFFERED": "1"} | dict(settings)


def _application(name: str) -> str:
    """Services keep `app` in their `main`, so that importing `create_app` needs no settings."""
    return "quill_gateway.app:app" if name == "gateway" else f"quill_{name}.main:app"


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
