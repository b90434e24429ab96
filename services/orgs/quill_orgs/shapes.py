"""Answers that several features give."""

from typing import Literal

from quill_common.http.shapes import Answer


class Removed(Answer):
    """A membership is gone."""

    status: Literal["removed"]


REMOVED = Removed(status="removed")
