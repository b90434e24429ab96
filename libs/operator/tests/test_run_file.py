"""The run file is whole at every moment and gone when nothing runs."""

import json
import threading
from pathlib import Path

from quill_operator import run_file


def test_it_has_the_shape_that_tools_rely_on(tmp_path: Path) -> None:
    run_file.write(tmp_path, {"gateway": {"pid": 1, "url": "http://127.0.0.1:8080"}})
    assert json.loads((tmp_path / "run.json").read_text()) == {"gateway": {"pid": 1, "url": "http://127.0.0.1:8080"}}


def test_nothing_runs_without_it(tmp_path: Path) -> None:
    assert run_file.read(tmp_path) == {}
    run_file.write(tmp_path, {})
    run_file.remove(tmp_path)
    run_file.remove(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    names = [f"process-{number}" for number in range(200)]
    run_file.write(tmp_path, {})
    ended = threading.Event()

    def rewrite() -> None:
        while not ended.is_set():
            run_file.write(tmp_path, {name: {"pid": 1, "url": "http://127.0.0.1:1"} for name in names})

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        sizes = {len(run_file.read(tmp_path)) for _ in range(300)}
    finally:
        ended.set()
        writer.join()
    assert sizes <= {0, len(names)}
    assert len(names) in sizes
