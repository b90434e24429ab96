"""Finding the account that a command is about."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from quill_operator.console import refuse
from quill_operator.internal import call

Account = dict[str, Any]


def account_called(user: str) -> Account:
    """The account with the username or the id `user`. Ends the command when there is none, or two."""
    found = accounts_called(user)
    if not found:
        refuse(f"There is no account {user!r}")
    if len(found) > 1:
        both = ", ".join(f"{each['username']!r} with the id {each['id']}" for each in found)
        refuse(f"{user!r} is the name of one account and the id of another: {both}. Say the other of the two")
    return found[0]


def accounts_called(user: str) -> list[Account]:
    """The accounts that have `user` as username or as id."""
    found: list[Account] = call("auth", "GET", f"/internal/users?{urlencode({'called': user})}")["users"]
    return found


def every_account() -> Iterator[Account]:
    """All accounts, by id."""
    cursor = ""
    while True:
        page = call("auth", "GET", f"/internal/users?{urlencode({'cursor': cursor})}")
        yield from page["users"]
        cursor = page["next_cursor"]
        if not cursor:
            return
