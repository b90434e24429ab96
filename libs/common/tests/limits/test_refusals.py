"""Remembering what is full."""

import pytest
from quill_common.limits.refusals import Refusals


def test_what_is_full_is_known_until_its_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("quill_common.limits.refusals.time.monotonic", lambda: now)
    refusals = Refusals()
    refusals.add("a", 30)
    assert (refusals.seconds_left("a"), refusals.seconds_left("b")) == (30, 0)
    now = 129.5
    assert refusals.seconds_left("a") == 0.5
    now = 130.0
    assert (refusals.seconds_left("a"), len(refusals)) == (0, 0)


def test_only_so_many_are_remembered() -> None:
    refusals = Refusals(limit=2)
    for key in "abcb":
        refusals.add(key, 60)
    assert len(refusals) <= 2
    assert (refusals.seconds_left("a"), refusals.seconds_left("b") > 0) == (0, True)
