"""Which passwords are taken (contract 4.2 and A16): long enough, not among the most used, not the name or address."""

from functools import cache
from importlib import resources
from typing import Final

from quill_common.http.errors import BadRequest

_FILE: Final = "common.txt"


class PasswordTooCommon(BadRequest):
    detail = "Password too common"


def require_uncommon(password: str, username: str, email: str) -> None:
    """Refuse one of the most used passwords, and the account's own name or address, whatever their case."""
    known = password.casefold()
    if known in most_used() or known in (username.casefold(), email.casefold()):
        raise PasswordTooCommon


@cache
def most_used() -> frozenset[str]:
    """The most used passwords of at least eight characters, casefolded."""
    return frozenset(resources.files(__package__).joinpath(_FILE).read_text("utf-8").split())
