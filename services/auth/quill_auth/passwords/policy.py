"""Which passwords are taken (contract 4.2 and A16): long enough, not among the most used, not a known word.

`common.txt` has whole passwords of at least eight characters, casefolded: our own, then the first 5,000 that fit of the
ranked passwords in zxcvbn 4.5.0 (a Python package under the MIT licence), in its order.
"""

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final

from quill_common.http.errors import BadRequest

_FILE: Final = "common.txt"


class PasswordTooCommon(BadRequest):
    detail = "Password too common"


def require_uncommon(password: str, username: str, email: str, words: Iterable[str]) -> None:
    """Refuse one of the most used passwords, and what is only a word that belongs here, whatever its case.

    That is one of `words` (the site's, casefolded), the account's name, its address, or what stands before the `@`,
    with nothing around it but digits and punctuation.
    """
    known = password.casefold()
    own = (username.casefold(), email.casefold(), email.casefold().rpartition("@")[0])
    if known in most_used() or any(_is_only(known, word) for word in (*words, *own)):
        raise PasswordTooCommon


@cache
def most_used() -> frozenset[str]:
    """The most used passwords of at least eight characters, casefolded."""
    return frozenset(resources.files(__package__).joinpath(_FILE).read_text("utf-8").split())


def _is_only(password: str, word: str) -> bool:
    """Whether the password is the word with no letter around it. A name without letters is not looked for in others."""
    if not any(character.isalpha() for character in word):
        return password == word
    before, found, after = password.partition(word)
    return bool(found) and not any(character.isalpha() for character in before + after)
