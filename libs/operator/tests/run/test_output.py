"""The foreground log names who speaks, and never waits for a reader."""

import os
import subprocess
import sys
import time

import pytest
from quill_operator.run.output import Output


def test_every_line_names_its_process(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.line("auth", "ready")
    output.text("Quill runs")
    output.close()
    assert capsys.readouterr().out == "auth      | ready\nQuill runs\n"


def _program(body: str) -> list[str]:
    return [sys.executable, "-c", f"from quill_operator.run.output import Output\no = Output()\n{body}"]


ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_reader_who_never_reads_stops_neither_the_work_nor_the_end() -> None:
    body = "for i in range(100_000): o.line('auth', 'x' * 200)\no.close(seconds=0.5)"
    begun = time.monotonic()
    with subprocess.Popen(_program(body), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT) as process:
        while process.poll() is None:
            assert time.monotonic() - begun < 60
            time.sleep(0.05)
        process.communicate()


def test_a_reader_who_went_away_is_no_error() -> None:
    body = "for i in range(5_000): o.line('auth', 'x' * 200)\no.close()"
    with subprocess.Popen(_program(body), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""
