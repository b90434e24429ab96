"""A failure in the log says what and where, and nothing about anybody."""

import logging

import orjson
import pytest
from pydantic import BaseModel
from quill_common.database.engine import Database
from quill_common.failure_text import failure_text
from quill_common.log import configure, get_logger
from quill_common.settings import CommonSettings
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

SECRET = "Rose Tyler"


class Form(BaseModel):
    age: int


async def _constraint(url: str) -> None:
    database = Database(url)
    try:
        async with database.writer() as writer:
            await writer.execute(text("CREATE TEMP TABLE person (name text CHECK (length(name) < 3))"))
            await writer.execute(text("INSERT INTO person VALUES (:name)"), {"name": SECRET})
    finally:
        await database.close()


def _validation() -> None:
    Form.model_validate({"age": SECRET})


def _caused() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as problem:
        raise KeyError(SECRET) from problem


async def test_a_row_that_the_database_refused_is_not_quoted(postgres_url: str) -> None:
    with pytest.raises(IntegrityError, match="person_name_check") as caught:
        await _constraint(postgres_url)
    told = failure_text(caught.value)
    assert caught.value.orig is not None
    assert SECRET in str(caught.value.orig.__cause__), "else this test shows nothing"
    assert SECRET not in told
    assert "sqlalchemy.exc.IntegrityError" in told
    assert "sqlstate=23514 constraint_name=person_name_check" in told
    assert "test_failure_text.py" in told


@pytest.mark.parametrize("fail", [_validation, _caused])
def test_the_message_of_a_failure_stays_out(fail: object) -> None:
    assert callable(fail)
    with pytest.raises((ValueError, KeyError)) as caught:
        fail()
    told = failure_text(caught.value)
    assert SECRET not in told
    assert caught.type.__name__ in told


def test_every_cause_is_told_first_cause_first() -> None:
    with pytest.raises(KeyError) as caught:
        _caused()
    told = failure_text(caught.value)
    assert told.index("builtins.ValueError") < told.index("builtins.KeyError")


def test_a_group_tells_what_is_in_it() -> None:
    told = failure_text(ExceptionGroup(SECRET, [ValueError(SECRET), OSError(SECRET)]))
    assert "ValueError" in told
    assert "OSError" in told
    assert SECRET not in told


def test_a_fault_of_our_own_says_which() -> None:
    with pytest.raises(AttributeError) as caught:
        object().missing  # type: ignore[attr-defined] # noqa: B018 - the fault itself
    assert "has no attribute 'missing'" in failure_text(caught.value)


def test_both_ways_into_the_log_keep_messages_out(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    configure("letters", CommonSettings(log_level="INFO"))
    try:
        raise ValueError(SECRET)
    except ValueError:
        get_logger().exception("failed")
        logging.getLogger("elsewhere").exception("failed")
    lines = [orjson.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [line["exception"].splitlines()[-1] for line in lines] == ["builtins.ValueError"] * 2
    assert all(SECRET not in str(line) for line in lines)
