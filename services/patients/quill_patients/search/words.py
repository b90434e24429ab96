"""Text as searches compare it: without case, accents and punctuation (FHIR R4, search, string).

"The search is case-insensitive and accent-insensitive … punctuation and non-significant whitespace should also be
ignored". An apostrophe joins, as in O'Brien; any other punctuation ends a word, as in Smith-Jones.
"""

import unicodedata
from typing import Final

KEY_LENGTH: Final = 100
"""Of characters of folded text that a search can tell apart."""

_JOINING: Final = dict.fromkeys(map(ord, "'’‘‛ʼʻʹ`´′＇"))
# Letters that no decomposition takes apart, yet that people type without what makes them special.
_PLAIN: Final = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe"}
)


def fold(text: str) -> str:
    """The words of a text, one space between them; empty when it has none."""
    parts = unicodedata.normalize("NFKD", text.translate(_JOINING))
    bare = "".join(c for c in parts if not unicodedata.combining(c)).casefold().translate(_JOINING).translate(_PLAIN)
    return " ".join("".join(_kept(c) for c in bare).split())


def keys(text: str) -> list[str]:
    """Each word with what follows it: what starts one of them is found, also when it goes on over a space."""
    folded = fold(text)
    starts = [0, *(place + 1 for place, c in enumerate(folded) if c == " ")]
    return [folded[start : start + KEY_LENGTH] for start in starts] if folded else []


def _kept(c: str) -> str:
    """Letters, digits, marks and pictures stay; what is only format (soft hyphen, joiner) vanishes."""
    if c.isalnum():
        return c
    category = unicodedata.category(c)
    if category == "Cf":
        return ""
    return c if category[0] in "LMN" or category == "So" else " "
