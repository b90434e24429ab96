"""What never reaches a log."""

import logging

import pytest
import uvicorn
from quill_common.log import configure
from quill_common.settings import CommonSettings


def test_a_server_started_by_hand_logs_no_raw_paths(capsys: pytest.CaptureFixture[str]) -> None:
    uvicorn.Config("quill_common.service:create_service")  # sets up uvicorn's loggers, as its command line does
    access = logging.getLogger("uvicorn.access")
    access.info("before")
    configure("patients", CommonSettings())
    access.info("GET /api/patients/4711")
    shown = capsys.readouterr()
    assert "before" in shown.out + shown.err
    assert "4711" not in shown.out + shown.err
