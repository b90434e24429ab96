"""Read a JSON text of any size piece by piece, each piece exactly as `json_text.parse` gives it.

Streaming parsers hand numbers over as values and repair broken text; a clinical record must keep its digits, or be
refused. So the standard decoder reads each piece, from a window of the file that grows until the piece is whole.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from quill_common.fhir.json_text import DECODER, NotJson

WINDOW: Final = 1 << 18
MAX_PIECE: Final = 1 << 26  # characters: far beyond any note with its attachments

_SPACE: Final = re.compile(r"[ \t\n\r]*")
# More than any literal, any escape and any part of a number that means something else when the window cuts it.
_CUT: Final = 16


class JsonStream:
    """The text of an open file, from its beginning. Everything raises NotJson where the text is none."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._window = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space; empty at the end of the text."""
        while True:
            match = _SPACE.match(self._window, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._grow():
                return ""

    def members(self) -> Iterator[str]:
        """The names of the object that comes next. After each its value must be read, by `value` or `items`."""
        seen = set()
        for _ in self._parts("{", "}"):
            name = self.value()
            if not isinstance(name, str):
                raise NotJson("is not JSON: a member has no name")
            if name in seen:
                raise NotJson("names a member twice")
            seen.add(name)
            self._take(":")
            yield name

    def items(self) -> Iterator[Any]:
        """The values of the array that comes next, one at a time."""
        for _ in self._parts("[", "]"):
            yield self.value()

    def value(self) -> Any:
        """The value that comes next, whole."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._window, self._at)
            except json.JSONDecodeError as problem:
                if not self._may_be_cut(problem) or not self._grow():
                    raise NotJson(f"is not JSON: {problem.msg}") from problem
            except RecursionError as problem:
                raise NotJson("is nested too deeply") from problem
            else:
                length = end - self._at
                # A number may go on behind the end of the window, and be another then.
                if end <= len(self._window) - _CUT or not self._grow():
                    self._at += length
                    return value

    def end(self) -> None:
        """Require that nothing follows."""
        if self.peek():
            raise NotJson("is not JSON: more follows after its end")

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            yield
            if self.peek() == closing:
                self._at += 1
                return
            self._take(",")

    def _take(self, expected: str) -> None:
        if self.peek() != expected:
            raise NotJson(f"is not JSON: {expected} is missing")
        self._at += 1

    def _may_be_cut(self, problem: json.JSONDecodeError) -> bool:
        return problem.msg.startswith("Unterminated string") or problem.pos >= len(self._window) - _CUT

    def _grow(self) -> bool:
        """Drop what was read and add to the rest as much again; false when the text has ended."""
        rest = self._window[self._at :]
        if len(rest) > MAX_PIECE:
            raise NotJson(f"holds a piece of more than {MAX_PIECE} characters")
        data = b"" if self._ended else self._file.read(max(WINDOW, len(rest)))
        ended, self._ended = self._ended, not data
        try:
            added = self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as problem:
            raise NotJson("is not UTF-8") from problem
        self._window, self._at = rest + added, 0
        return not ended
