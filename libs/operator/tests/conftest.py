"""A double of auth for the commands about accounts and sessions."""

from pathlib import Path

import httpx
import pytest
from quill_common.identity.service_keys import ensure_service_keys
from quill_operator import run_file
from quill_operator.testing.accounts import AccountsDouble


@pytest.fixture
def auth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AccountsDouble:
    """Auth as the commands find it through the run file."""
    monkeypatch.setenv("QUILL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("QUILL_AUTH_URL", raising=False)
    ensure_service_keys(tmp_path)
    run_file.write(tmp_path, {"auth": {"pid": 1, "url": "http://auth.example"}})
    double = AccountsDouble()
    double.add(3, "ada", roles=["Clinician"])
    double.add(4, "ben", is_active=False)
    double.add(5, "root", system_permissions="superadmin")
    monkeypatch.setattr(httpx, "request", double.request)
    return double
