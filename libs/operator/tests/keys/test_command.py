"""`quill keys` asks before it signs everybody out, and asks auth for nothing else than what was said."""

from typing import Any

import pytest
from quill_operator.keys import command
from quill_operator.main import app
from typer.testing import CliRunner

KEYS = {
    "access": [{"kid": "20260101T000000000000Z-aaaaaaaa", "signs_from": "2026-01-01T00:00:00Z", "state": "signing"}],
    "refresh": [{"kid": "20260101T000000000000Z-bbbbbbbb", "signs_from": "2026-01-01T00:00:00Z", "state": "next"}],
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What was asked of services."""
    calls: list[tuple[str, str, str]] = []

    def call(service: str, method: str, path: str) -> Any:
        calls.append((service, method, path))
        return KEYS

    monkeypatch.setattr(command, "call", call)
    return calls


def test_second_factors_get_a_key_of_their_own_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, str, str]] = []

    def call(service: str, method: str, path: str) -> Any:
        calls.append((service, method, path))
        return {"kid": "20260101T000000000000Z-cccccccc"}

    monkeypatch.setattr(command, "call", call)
    answer = CliRunner().invoke(app, ["keys", "rotate-second-factor"])
    assert (answer.exit_code, "cccccccc" in answer.stdout) == (0, True)
    assert calls == [("auth", "POST", "/internal/second-factor/rotate-key")]


def test_the_list_shows_every_key_with_its_state(asked: list[tuple[str, str, str]]) -> None:
    answer = CliRunner().invoke(app, ["keys", "list"])
    assert answer.exit_code == 0
    for words in (("access", "aaaaaaaa", "signing"), ("refresh", "bbbbbbbb", "next")):
        assert any(all(word in line for word in words) for line in answer.stdout.splitlines())
    assert asked == [("auth", "GET", "/internal/keys")]


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ([], "now=False&revoke_old=False"),
        (["--purpose", "csrf"], "now=False&revoke_old=False&purpose=csrf"),
        (["--now"], "now=True&revoke_old=False"),
        (["--now", "--revoke-old", "--yes"], "now=True&revoke_old=True"),
    ],
)
def test_what_is_said_is_what_is_asked_for(asked: list[tuple[str, str, str]], words: list[str], query: str) -> None:
    assert CliRunner().invoke(app, ["keys", "rotate", *words]).exit_code == 0
    assert asked == [("auth", "POST", f"/internal/keys/rotate?{query}")]


@pytest.mark.parametrize("answered", ["n\n", "\n", ""])
def test_old_keys_are_revoked_only_when_somebody_said_yes(asked: list[tuple[str, str, str]], answered: str) -> None:
    answer = CliRunner().invoke(app, ["keys", "rotate", "--now", "--revoke-old"], input=answered)
    assert answer.exit_code == 1
    assert "EVERYBODY IS SIGNED OUT" in answer.stdout
    assert not asked
    assert CliRunner().invoke(app, ["keys", "rotate", "--now", "--revoke-old"], input="y\n").exit_code == 0
    assert len(asked) == 1


@pytest.mark.parametrize("words", [["--revoke-old"], ["--revoke-old", "--yes"], ["--purpose", "service"]])
def test_what_makes_no_sense_is_refused(asked: list[tuple[str, str, str]], words: list[str]) -> None:
    assert CliRunner().invoke(app, ["keys", "rotate", *words]).exit_code != 0
    assert not asked
