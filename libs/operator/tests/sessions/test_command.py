"""`quill sessions`: what it asks of auth, what it says, and how it ends."""

from typing import Any

import httpx
import pytest
from quill_operator.main import app
from quill_operator.testing.accounts import AccountsDouble
from typer.testing import CliRunner, Result


def sessions(*words: str) -> Result:
    return CliRunner().invoke(app, ["sessions", *words])


def session(number: int, **more: Any) -> dict[str, Any]:
    times = {"created_at": "2026-01-01T00:00:00Z", "last_used_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-09"}
    return {"id": f"5e55-{number}", "device": f"Browser {number}", "address": "203.0.113.9", **times, **more}


def test_every_session_is_listed(auth: AccountsDouble) -> None:
    auth.sessions[3] = [session(1), session(2, device=None, address=None), session(3, device="[b]odd[/b]")]
    shown = sessions("list", "ada").stdout
    assert all(f"5e55-{number}" in shown for number in (1, 2, 3))
    assert "[b]odd[/b]" in shown
    assert "None" not in shown
    assert "5e55-2  unknown device, unknown address" in shown
    assert "signed in 2026-01-01 00:00, last used 2026-01-02 00:00, ends 2026-01-09" in shown


def test_a_narrow_window_cuts_no_id(auth: AccountsDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    auth.sessions[3] = [session(1, id="6a873f31-1d04-4069-8981-f761206459c1")]
    assert "6a873f31-1d04-4069-8981-f761206459c1" in sessions("list", "ada").stdout


def test_who_is_signed_in_nowhere_is_said_so(auth: AccountsDouble) -> None:
    assert "ben is signed in nowhere" in sessions("list", "4").stdout


def test_all_or_one_end(auth: AccountsDouble) -> None:
    assert "2 sessions of ada ended" in sessions("revoke", "ada").stdout
    assert "1 session of ada ended" in sessions("revoke", "ada", "--session", "5e55-1").stdout
    path = "/internal/users/3/sessions"
    assert auth.changes == [("DELETE", path, None), ("DELETE", f"{path}/5e55-1", None)]


def test_what_is_given_as_a_session_stays_one_segment(auth: AccountsDouble) -> None:
    sessions("revoke", "ada", "--session", "../../4/deactivate?x#")
    assert auth.changes == [("DELETE", "/internal/users/3/sessions/../../4/deactivate?x#", None)]


@pytest.mark.parametrize("words", [("list", "nobody"), ("revoke", "nobody"), ("revoke", "nobody", "--session", "x")])
def test_an_unknown_account_is_refused_by_name(auth: AccountsDouble, words: tuple[str, ...]) -> None:
    answer = sessions(*words)
    assert answer.exit_code == 1
    assert "There is no account 'nobody'" in answer.stderr
    assert auth.changes == []


def test_a_session_that_is_not_there_is_refused(auth: AccountsDouble) -> None:
    auth.refusal = httpx.Response(404, json={"detail": "Session not found"})
    answer = sessions("revoke", "ada", "--session", "5e55-9")
    assert answer.exit_code == 1
    assert "auth answered 404: Session not found" in answer.stderr


def test_an_empty_session_is_not_all_of_them(auth: AccountsDouble) -> None:
    answer = sessions("revoke", "ada", "--session", "")
    assert answer.exit_code == 1
    assert auth.changes == []
