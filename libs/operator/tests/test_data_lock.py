"""One system per data directory, and no trace of the lock after it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from quill_operator.data_lock import DataDirectoryInUseError, data_directory, is_held

HOLDER = (
    "import sys, time; from pathlib import Path; from quill_operator.data_lock import data_directory\n"
    "with data_directory(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


def test_a_second_holder_is_told_who_holds_it(tmp_path: Path) -> None:
    with data_directory(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(DataDirectoryInUseError, match=f"process {os.getpid()}"), data_directory(tmp_path):
            pass
        assert is_held(tmp_path)


def test_the_lock_is_free_and_its_file_gone_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with data_directory(tmp_path / "new"):
            pass
    assert not is_held(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(tmp_path)
        holder.kill()
    deadline = time.monotonic() + 60
    while is_held(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    with data_directory(tmp_path):
        assert is_held(tmp_path)


def test_strangers_cannot_list_a_new_data_directory(tmp_path: Path) -> None:
    with data_directory(tmp_path / "new"):
        assert (tmp_path / "new").stat().st_mode & 0o066 == 0
