"""`quill run` as a user meets it: a process with a terminal, a data directory, and people who kill things."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(300)]

QUILL = [sys.executable, "-c", "from quill_operator.main import app; app()", "run"]
NAMES = {"gateway", "auth", "orgs", "patients", "letters", "messaging"}


class Run:
    """One `quill run` and what it printed."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self._log = folder.with_name(f"{folder.name}.log")
        own = {"PYTHONPATH": os.pathsep.join(sys.path), "QUILL_DATA_DIR": str(folder), "QUILL_PORT": "0"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUILL_")}
        with self._log.open("wb") as log:
            self.process = psutil.Popen(
                QUILL, env=inherited | own | environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def printed(self) -> str:
        return self._log.read_text()

    @property
    def processes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads((self.folder / "run.json").read_text())
        return found

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def await_ready(self) -> "Run":
        until(lambda: "ctrl-C stops it" in self.printed or self.process.poll() is not None, self)
        assert self.process.poll() is None, self.printed
        return self

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        family = self.family()
        self.process.send_signal(how)
        code = int(self.process.wait(60))
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []
        return code


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it went with another of them
            process.kill()


def until(condition: Callable[[], bool], run: Run, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, run.printed
        time.sleep(0.1)


def healthy(run: Run) -> bool:
    try:
        answer = httpx.get(run.processes["gateway"]["url"] + "/api/health", trust_env=False, timeout=60)
        return all(
            httpx.get(f"{process['url']}/health/ready", trust_env=False, timeout=60).status_code == 200
            for name, process in run.processes.items()
            if name != "gateway"
        ) and bool(answer.json()["status"] == "healthy")
    except httpx.HTTPError:
        return False


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(**environment: str) -> Run:
        runs.append(Run(tmp_path / "data", **environment))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            kill(run.family())
            run.process.wait(60)


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A system that tests only ask."""
    run = Run(tmp_path_factory.mktemp("operated") / "data").await_ready()
    yield run
    run.end()


def left_in(folder: Path) -> list[str]:
    """Files that only a running system may have."""
    names = {"run.json", "run.lock", "postmaster.pid"}
    return [str(path) for path in folder.rglob("*") if path.name in names or path.is_socket()]


def test_it_starts_from_nothing_and_ctrl_c_leaves_nothing_but_the_data(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    assert healthy(run)
    assert set(run.processes) == NAMES
    assert {psutil.Process(process["pid"]).ppid() for process in run.processes.values()} == {run.process.pid}
    assert re.search(r"^Quill runs at http://127\.0\.0\.1:\d+$", run.printed, re.MULTILINE)

    assert run.end(signal.SIGINT) == 0
    assert left_in(run.folder) == []
    assert started().await_ready().end(signal.SIGTERM) == 0


def test_a_killed_process_is_back_within_seconds_at_its_old_address(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    for name in sorted(NAMES):
        before = run.processes[name]
        os.kill(before["pid"], signal.SIGKILL)
        until(lambda name=name, before=before: run.processes[name]["pid"] != before["pid"], run)  # type: ignore[misc]  # bound now
        assert run.processes[name]["url"] == before["url"]
    until(lambda: healthy(run), run)


def test_a_killed_database_is_started_again(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    [server] = [child for child in run.process.children() if child.name() == "postgres"]
    server.kill()
    until(lambda: any(c.name() == "postgres" and c.pid != server.pid for c in run.process.children()), run)
    until(lambda: healthy(run), run)


def test_everything_ends_with_a_killed_supervisor_and_starts_again(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    family = run.family()
    run.process.kill()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    assert healthy(started().await_ready())


def test_it_starts_again_after_everything_was_killed_at_once(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    family = run.family()
    kill(family)
    psutil.wait_procs(family, timeout=60)
    assert healthy(started().await_ready())


def test_a_second_run_on_the_same_data_is_refused_and_harms_nobody(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    second = subprocess.run(
        QUILL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "QUILL_DATA_DIR": str(run.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"already runs on {run.folder} (process {run.process.pid})" in second.stderr
    assert healthy(run)


def test_a_taken_port_is_refused_before_anything_starts(started: Callable[..., Run]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = started(QUILL_PORT=str(port))
        assert run.process.wait(60) == 1
    assert f"Port {port} is taken" in run.printed
    assert not (run.folder / "postgres").exists()


def test_ctrl_c_while_it_still_prepares_leaves_nothing_running(started: Callable[..., Run]) -> None:
    run = started()
    until(lambda: "Preparing the database" in run.printed, run)
    assert run.end(signal.SIGINT) == 0
    assert left_in(run.folder) == []
    assert healthy(started().await_ready())


def test_the_end_wished_twice_in_one_breath_is_still_an_orderly_end(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    family = run.family()
    run.process.terminate()
    time.sleep(0.1)
    run.process.terminate()
    assert run.process.wait(60) == 0
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    assert left_in(run.folder) == []
    assert "Event loop is closed" not in run.printed


def test_insisting_on_the_end_ends_what_does_not_want_to(started: Callable[..., Run]) -> None:
    run = started().await_ready()
    family = run.family()
    psutil.Process(run.processes["gateway"]["pid"]).suspend()
    run.process.send_signal(signal.SIGINT)
    time.sleep(1.5)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 0
    assert "does not end" not in run.printed
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    assert left_in(run.folder) == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["projections", "status"], "published"),
        (["projections", "rebuild"], "auth: rebuilt up to"),
        (["events", "parked"], "letters has put no event aside"),
        (["events", "retry"], "0 applied, 0 still put aside"),
    ],
)
def test_the_operator_is_answered_by_a_running_service(operated: Run, command: list[str], told: str) -> None:
    answer = subprocess.run(
        [*QUILL[:-1], *command, "letters"],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(sys.path), "QUILL_DATA_DIR": str(operated.folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    assert told in answer.stdout


def test_a_reader_who_stops_reading_holds_nobody_up(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path), "QUILL_DATA_DIR": str(tmp_path / "data"), "QUILL_PORT": "0",
    }  # fmt: skip
    with psutil.Popen(QUILL, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        while b"ctrl-C stops it" not in process.stdout.readline():
            assert process.poll() is None
        url = json.loads((tmp_path / "data/run.json").read_text())["auth"]["url"]
        with httpx.Client(trust_env=False) as client:
            for _ in range(1500):
                client.get(f"{url}/nothing/{'x' * 100}")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
