"""A text read piece by piece gives what it gives as a whole, wherever the window ends."""

import io
import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quill_common.fhir import json_stream
from quill_common.fhir.json_stream import JsonStream
from quill_common.fhir.json_text import NotJson, parse, serialise

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([0.1, -1e300, "\\", "é\u20ac\U0001f600"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(params=[1, 2, 7, 64])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "WINDOW", request.param)


def stream(text: str | bytes) -> JsonStream:
    return JsonStream(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


def items(text: str | bytes) -> list[Any]:
    read = stream(text)
    found = list(read.items())
    read.end()
    return found


@pytest.mark.usefixtures("window")
def test_pieces_are_what_the_whole_text_holds() -> None:
    @settings(max_examples=50, deadline=None)
    @given(st.lists(VALUES, max_size=5), st.booleans(), st.sampled_from([None, 1]))
    def holds(values: list[Any], ascii_only: bool, indent: int | None) -> None:
        text = json.dumps(values, ensure_ascii=ascii_only, indent=indent)
        assert serialise_all(items(text)) == serialise_all(parse(text))

    holds()


def serialise_all(values: list[Any]) -> list[bytes]:
    return [orjson.dumps(value) for value in values]


@pytest.mark.usefixtures("window")
def test_numbers_keep_their_digits() -> None:
    numbers = ["0.10", "1.0e2", "1E400", "-0.0000001", "12345678901234567890123", "7"]
    assert [serialise(value) for value in items(f"[{', '.join(numbers)}]")] == numbers


@pytest.mark.usefixtures("window")
def test_members_are_read_one_after_the_other() -> None:
    read = stream(' {"a" : [1, {"x": []}] , "b":{"c":"d"}, "e": 12} ')
    found = [(name, list(read.items()) if name == "a" else read.value()) for name in read.members()]
    read.end()
    assert found == [("a", [1, {"x": []}]), ("b", {"c": "d"}), ("e", 12)]


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[1 2]",
        "[tru]",
        '["a]',
        '["\\u12"]',
        "[01]",
        "[1]x",
        "{}",
        "[NaN]",
        '[{"a":1,"a":2}]',
    ],
)
def test_what_is_no_json_is_refused_as_it_is_as_a_whole(text: str) -> None:
    with pytest.raises(NotJson):
        items(text)


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a" 1}', "{1:2}", '{"a":1,}', "{", '{"a":'])
def test_an_object_that_is_none_is_refused(text: str) -> None:
    read = stream(text)
    with pytest.raises(NotJson):
        [read.value() for _ in read.members()]


@pytest.mark.parametrize("text", [b'["\xff"]', b'["\xe2\x82'])
def test_what_is_not_utf_8_is_refused(text: bytes) -> None:
    with pytest.raises(NotJson):
        items(text)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert items(b"\xef\xbb\xbf[1]") == [1]


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(NotJson, match="nested too deeply"):
        items("[" * 100_000)


def test_a_piece_beyond_the_bound_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "WINDOW", 8)
    monkeypatch.setattr(json_stream, "MAX_PIECE", 64)
    file = io.BytesIO(b'["' + b"x" * 10_000)
    with pytest.raises(NotJson, match="more than 64 characters"):
        list(JsonStream(file).items())
    assert file.tell() < 1000


def test_text_that_is_broken_is_refused_where_it_breaks_and_not_at_the_end_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_stream, "WINDOW", 64)
    file = io.BytesIO(b"[{oops" + b" " * 10_000 + b"]")
    with pytest.raises(NotJson):
        list(JsonStream(file).items())
    assert file.tell() < 1000
