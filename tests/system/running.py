"""The whole system as `quill run` starts it: real processes on a database of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from quill_common.testing.private_rabbitmq import free_port
from quill_operator.visitor import Visitor

READY_SECONDS = 120.0
ADMIN = ("admin", "correct horse battery staple")


@dataclass
class RunningSystem:
    """A started system; `admin_url` owns its database."""

    directory: Path
    admin_url: str
    url: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    _visitors: list[Visitor] = field(default_factory=list)

    def processes(self) -> dict[str, dict[str, Any]]:
        """The run file."""
        content: dict[str, dict[str, Any]] = json.loads((self.directory / "data" / "run.json").read_text())
        return content

    def kill(self, name: str) -> int:
        """SIGKILL one process; the number it had."""
        pid = int(self.processes()[name]["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_replaced(self, name: str, old: int, seconds: float = 120.0) -> None:
        """Return when the supervisor has started another process in place of `old` and it is ready."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            running = self.processes().get(name)
            if running and running["pid"] != old and _answers(f"{running['url']}/health/ready"):
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} was not ready again within {seconds} seconds\n{self.log()}")

    def command(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `quill` with the settings of this system."""
        return subprocess.run(
            [sys.executable, "-m", "quill_operator", *words],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def log(self, lines: int = 60) -> str:
        return "\n".join((self.directory / "log").read_text(errors="replace").splitlines()[-lines:])

    async def visitor(self, username: str = ADMIN[0], password: str = ADMIN[1]) -> Visitor:
        """Somebody who has signed in."""
        visitor = self.stranger()
        response = await visitor.sign_in(username, password)
        assert response.status_code == 200, response.text
        return visitor

    def stranger(self) -> Visitor:
        """Somebody who has not signed in."""
        visitor = Visitor(self.url, timeout=60)
        self._visitors.append(visitor)
        return visitor

    async def part(self) -> None:
        """Close the browsers of everyone who has signed in."""
        while self._visitors:
            await self._visitors.pop().http.aclose()

    async def query(self, sql: str, *values: Any) -> list[Any]:
        """Rows of a query as the owner of the database, who sees every schema."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    def stop(self) -> int:
        """End it as ctrl-C does; the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def start(directory: Path, admin_url: str, **settings: str) -> RunningSystem:
    """Start `quill run` in `directory` and return once the gateway says that all is healthy."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("QUILL_")},
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONUNBUFFERED": "1",
        "QUILL_DATA_DIR": str(directory / "data"),
        "QUILL_DATABASE_URL": admin_url,
        "QUILL_PORT": str(port),
        "QUILL_DEMO": "off",
        "QUILL_RATE_LIMITS": "off",
        "QUILL_LOG_FORMAT": "json",
        # What is tested is that nothing is stale, not that this machine is fast.
        "QUILL_CATCH_UP_SECONDS": "10",
        "QUILL_ADMIN_USERNAME": ADMIN[0],
        "QUILL_ADMIN_EMAIL": "admin@example.org",
        "QUILL_ADMIN_PASSWORD": ADMIN[1],
        **settings,
    }
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "quill_operator", "run"], env=environment, stdout=log, stderr=log
        )
    system = RunningSystem(directory, admin_url, f"http://127.0.0.1:{port}", process, environment)
    _wait_until_healthy(system)
    return system


def _wait_until_healthy(system: RunningSystem) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if system.process.poll() is not None:
            raise AssertionError(f"`quill run` ended by itself\n{system.log()}")
        if _health(system.url) == "healthy":
            return
        time.sleep(0.2)
    system.process.kill()
    raise AssertionError(f"not healthy within {READY_SECONDS} seconds\n{system.log()}")


def _health(url: str) -> str | None:
    try:
        return str(httpx.get(f"{url}/api/health", timeout=6).json()["status"])
    except httpx.TransportError:
        return None


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
