"""Some calls at once, answers in order, and never more than a few items held."""

import threading
from collections.abc import Iterator

import pytest
from quill_operator.fhir_import.in_flight import AT_ONCE, in_flight


def test_answers_come_in_the_order_of_the_items_and_few_are_held() -> None:
    read = 0

    def items() -> Iterator[int]:
        nonlocal read
        while read < 20:
            read += 1
            yield read

    for given, (item, answer) in enumerate(in_flight(lambda each: each * 2, items()), 1):
        assert (item, answer) == (given, given * 2)
        assert read <= given + AT_ONCE - 1
    assert read == 20


def test_calls_run_at_once() -> None:
    together = threading.Barrier(AT_ONCE, timeout=60)
    assert len(list(in_flight(lambda _: together.wait(), range(AT_ONCE * 2)))) == AT_ONCE * 2


def test_what_a_call_raises_is_raised_after_those_before_it_were_answered() -> None:
    seen: list[float] = []
    with pytest.raises(ZeroDivisionError):
        seen.extend(answer for _, answer in in_flight(lambda each: 6 // each, [1, 2, 0, 3]))
    assert seen == [6, 3]
