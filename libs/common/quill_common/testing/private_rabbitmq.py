"""A RabbitMQ of our own beside any other on the machine: own node, ports, files, cookie and epmd."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from quill_common.embedded.account import become

# Debian's command on the PATH insists on its own user and folders; the script behind it does not.
_DEBIAN_SCRIPT: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_GREETING: Final = b"AMQP\x00\x00\x09\x01"  # protocol 0-9-1


def server_script() -> str | None:
    """The program that starts a broker as any user, or None."""
    return str(_DEBIAN_SCRIPT) if _DEBIAN_SCRIPT.exists() else shutil.which("rabbitmq-server")


class BrokerDidNotStartError(RuntimeError):
    """The private broker did not come up; the message ends with its last lines."""


class PrivateRabbitMQ:
    """One broker over `directory`. `kill` is kill -9; `start` after it brings back port and durable data."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._node = f"quill-{secrets.token_hex(4)}@localhost"
        self._ports = {name: free_port() for name in ("amqp", "distribution", "epmd")}
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self._ports['amqp']}/"

    @property
    def log(self) -> Path:
        return self._directory / "broker.log"

    def start(self, *, seconds: float = 90.0) -> str:
        """Start and wait until the broker speaks AMQP; return its URL."""
        self._write_configuration()
        script = server_script()
        if script is None:
            raise BrokerDidNotStartError("There is no rabbitmq-server on this machine")
        epmd = ["epmd", "-port", str(self._ports["epmd"]), "-address", "127.0.0.1"]
        self._processes = [self._spawn(epmd), self._spawn([script])]
        self._await_greeting(time.monotonic() + seconds)
        return self.url

    def kill(self) -> None:
        """End the broker and its epmd at once, as a power cut would."""
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes = []

    def _write_configuration(self) -> None:
        for name in ("home", "mnesia", "log"):
            (self._directory / name).mkdir(parents=True, exist_ok=True)
        lines = (
            f"listeners.tcp.local = 127.0.0.1:{self._ports['amqp']}",
            "loopback_users.guest = true",
            "log.console = true",
            "log.console.level = warning",
            "disk_free_limit.absolute = 50MB",
        )
        (self._directory / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self._directory / "environment.conf").touch()
        (self._directory / "enabled_plugins").write_text("[].\n")

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        root = self._directory
        return inherited | {
            "HOME": str(root / "home"),
            "ERL_EPMD_PORT": str(self._ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": str(root / "environment.conf"),
            "RABBITMQ_CONFIG_FILE": str(root / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(root / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(root / "mnesia"),
            "RABBITMQ_LOG_BASE": str(root / "log"),
            "RABBITMQ_PID_FILE": str(root / "broker.pid"),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_PORT": str(self._ports["amqp"]),
            "RABBITMQ_DIST_PORT": str(self._ports["distribution"]),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._directory,
                env=self._environment(), start_new_session=True,
                preexec_fn=become(None, stop_with_parent=signal.SIGTERM),
            )  # fmt: skip

    def _await_greeting(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._processes[-1].poll() is not None:
                break
            if _speaks_amqp(self._ports["amqp"]):
                return
            time.sleep(0.1)
        self.kill()
        raise BrokerDidNotStartError("\n".join(self.log.read_text(errors="replace").splitlines()[-15:]))


def _speaks_amqp(port: int) -> bool:
    """A listener may be open before the node serves: only Connection.Start (a method frame) counts."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(_GREETING)
        return connection.recv(1) == b"\x01"
    return False


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
