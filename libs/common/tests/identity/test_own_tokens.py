"""Tokens that one service signs and verifies itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from quill_common.identity import InvalidToken
from quill_common.identity.own_tokens import OwnTokens

CLAIMS = ("colour",)


def later(**more: float) -> datetime:
    return datetime.now(UTC) + timedelta(**more)


def made(directory: Path, service: str = "orgs", purpose: str = "invite") -> OwnTokens:
    return OwnTokens(directory, service=service, purpose=purpose)


def test_a_token_says_what_was_signed(tmp_path: Path) -> None:
    token = made(tmp_path).sign("n-1", later(days=7), colour="red")
    claims = made(tmp_path).verify(token, CLAIMS)
    assert (claims["jti"], claims["colour"]) == ("n-1", "red")


def test_what_is_said_does_not_replace_what_guards(tmp_path: Path) -> None:
    tokens = made(tmp_path)
    forever = int(later(days=365).timestamp())
    token = tokens.sign("n-1", later(days=7), colour="red", iss="quill-auth", exp=forever, purpose="access", jti="n-2")
    claims = tokens.verify(token, CLAIMS)
    assert (claims["iss"], claims["purpose"], claims["jti"]) == ("quill-orgs", "invite", "n-1")
    assert claims["exp"] < forever


@pytest.mark.parametrize(("service", "purpose"), [("auth", "invite"), ("orgs", "other")])
def test_it_is_good_for_one_purpose_of_one_service(tmp_path: Path, service: str, purpose: str) -> None:
    token = made(tmp_path).sign("n-1", later(days=7), colour="red")
    with pytest.raises(InvalidToken):
        made(tmp_path, service, purpose).verify(token, CLAIMS)


def test_other_keys_and_times_and_missing_claims_are_refused(tmp_path: Path) -> None:
    tokens, others = made(tmp_path / "one"), made(tmp_path / "two")
    good = tokens.sign("n-1", later(days=7), colour="red")
    for token in (
        others.sign("n-1", later(days=7), colour="red"),
        tokens.sign("n-1", later(minutes=-1), colour="red"),
        tokens.sign("n-1", later(days=7)),
        good + "A",
        good.rpartition(".")[0] + ".",
        "",
    ):
        with pytest.raises(InvalidToken):
            tokens.verify(token, CLAIMS)
    assert tokens.verify(good, CLAIMS)["colour"] == "red"


async def test_tending_makes_a_successor_and_keeps_the_tokens_good(tmp_path: Path) -> None:
    tokens = made(tmp_path)
    token = tokens.sign("n-1", later(days=7), colour="red")
    assert await tokens.tend(3600, 7 * 86_400) == []
    [kid] = await tokens.tend(0, 7 * 86_400)
    assert jwt.get_unverified_header(token)["kid"] != kid
    assert tokens.verify(token, CLAIMS)["colour"] == "red"
