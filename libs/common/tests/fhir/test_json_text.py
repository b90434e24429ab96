"""JSON goes through unchanged, and what cannot be kept is refused."""

import pytest
from quill_common.fhir.json_text import NotJson, parse, require_storable, serialise


@pytest.mark.parametrize("number", ["0.10", "1.0", "1e3", "33.0", "-0.0", "1234567890123456789012", "-7", "5E-324"])
def test_a_number_keeps_its_digits(number: str) -> None:
    assert serialise(parse(f'{{"value":{number}}}')) == f'{{"value":{number}}}'


def test_text_may_begin_with_a_byte_order_mark() -> None:
    assert parse(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "is not JSON: Expecting value at line 1"),
        (b"{", "is not JSON"),
        (b'{"a": NaN}', "holds a number that JSON does not know"),
        (b'{"a": 1, "a": 2}', "names a member twice"),
        (b'"\xff"', "is not UTF-8"),
        (b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(NotJson, match=reason):
        parse(text)


@pytest.mark.parametrize("text", ['{"a": "\\u0000"}', '{"\\u0000": 1}', '["\\ud800"]', "[" * 70 + "]" * 70])
def test_what_the_database_cannot_hold_is_not_storable(text: str) -> None:
    with pytest.raises(NotJson):
        require_storable(parse(text))


def test_a_surrogate_pair_is_a_character() -> None:
    require_storable(parse('"\\ud83d\\ude00"'))
