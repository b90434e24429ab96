"""How settings write limits."""

import pytest
from pydantic import ValidationError
from quill_common.limits.notation import Limit, limits_of, parse
from quill_common.settings import ServiceSettings, load


class Settings(ServiceSettings):
    limit_one: Limit = "5 per 1 minute"
    limit_two: Limit = "off"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("5 per 1 minute", "5 per 1 minute"), ("5/minute", "5 per 1 minute"), (" 10/15 minutes ", "10 per 15 minute")],
)
def test_a_limit_is_a_number_and_a_period(text: str, shown: str) -> None:
    assert str(parse(text)) == shown


@pytest.mark.parametrize("text", ["off", "OFF", " off "])
def test_a_limit_can_be_off(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    "text", ["", "5", "five a minute", "0/minute", "-1/minute", "1000000/day", "1/second; 5/minute", "5 per minutefoo"]
)
def test_what_is_no_limit_is_refused_with_an_advice(text: str) -> None:
    with pytest.raises(ValueError, match="write one limit as '5 per 1 minute'"):
        parse(text)


def test_one_switch_puts_all_limits_off() -> None:
    limits = limits_of(Settings(database_url="postgresql://x"))
    assert {name: str(limit) for name, limit in limits.items()} == {"one": "5 per 1 minute", "two": "None"}
    assert limits_of(Settings(database_url="postgresql://x", rate_limits=False)) == {"one": None, "two": None}


def test_a_service_with_a_limit_that_is_none_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUILL_DATABASE_URL", "postgresql://x")
    monkeypatch.setenv("QUILL_LIMIT_ONE", "often")
    with pytest.raises(SystemExit):
        load(Settings)
    assert "Setting QUILL_LIMIT_ONE: Value error, write one limit as '5 per 1 minute'" in capsys.readouterr().err


def test_a_store_that_is_no_redis_is_refused() -> None:
    with pytest.raises(ValidationError, match="redis_url"):
        Settings(database_url="postgresql://x", redis_url="memcached://127.0.0.1")
