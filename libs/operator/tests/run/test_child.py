"""A process that cannot work is not started for ever; one that merely died is."""

import asyncio
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest
from quill_operator.run.child import CannotStartError, Child, environment_of_children
from quill_operator.run.output import Output
from quill_operator.run.ports import Ports


def child(settings: dict[str, str]) -> tuple[Child, Ports]:
    ports = Ports()
    environment = environment_of_children({"PYTHONPATH": os.pathsep.join(sys.path), **settings})
    return Child("auth", ports.reserve(), environment, Output()), ports


async def test_wrong_settings_end_the_run_instead_of_starting_again_and_again() -> None:
    auth, ports = child({"QUILL_DATABASE_POOL": "many"})
    starts: list[int] = []
    with closing(ports), pytest.raises(CannotStartError, match="auth cannot start"):
        await auth.keep_running(lambda: starts.append(1))
    assert starts == [1]


async def test_a_process_that_dies_at_once_is_started_again_with_growing_pauses(tmp_path: Path) -> None:
    (tmp_path / "quill_auth").mkdir()
    (tmp_path / "quill_auth/main.py").write_text("raise SystemExit(1)\n")
    auth, ports = child({"PYTHONPATH": str(tmp_path)})
    starts: list[float] = []
    enough = asyncio.Event()

    def started() -> None:
        starts.append(asyncio.get_running_loop().time())
        if len(starts) == 4:
            enough.set()

    with closing(ports):
        running = asyncio.create_task(auth.keep_running(started))
        await enough.wait()
        running.cancel()
        await asyncio.wait([running])
        await auth.stop()
    assert starts[3] - starts[2] > starts[1] - starts[0] + 0.5


async def test_a_child_learns_neither_the_owners_password_nor_the_administrators(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUILL_DATABASE_URL", "postgresql://owner:secret@db/quill")
    monkeypatch.setenv("QUILL_ADMIN_PASSWORD", "secret")
    monkeypatch.setenv("QUILL_RATE_LIMITS", "off")
    environment = environment_of_children({"QUILL_DATABASE_URL": "postgresql://quill_auth:own@db/quill"})
    assert "secret" not in "".join(environment.values())
    assert environment["QUILL_DATABASE_URL"] == "postgresql://quill_auth:own@db/quill"
    assert environment["QUILL_RATE_LIMITS"] == "off"
