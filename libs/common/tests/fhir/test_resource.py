"""Entity tags, and when two resources say the same."""

import pytest
from quill_common.fhir.json_text import parse
from quill_common.fhir.resource import is_fhir_id, matches_etag, same_content


@pytest.mark.parametrize("if_match", ['W/"3"', '"3"', "*", 'W/"1", W/"3"'])
def test_an_entity_tag_of_the_version_matches(if_match: str) -> None:
    assert matches_etag(if_match, 3)


@pytest.mark.parametrize("if_match", ['W/"2"', "3", "", '"33"', "nonsense", 'W/"W/"3""'])
def test_any_other_does_not(if_match: str) -> None:
    assert not matches_etag(if_match, 3)


@pytest.mark.parametrize("value", ["", "a b", "a/b", "x" * 65, "é", "a\n", 5, None])
def test_a_fhir_id_has_a_pattern(value: object) -> None:
    assert not is_fhir_id(value)
    assert is_fhir_id("9f1.a-Z")


def test_version_and_order_do_not_make_a_difference_but_content_and_profile_do() -> None:
    one = parse('{"id":"a","x":[1,2.50],"meta":{"profile":["p"]}}')
    again = parse(
        '{"meta":{"lastUpdated":"2026-01-01T00:00:00Z","versionId":"4","profile":["p"]},"x":[1,2.50],"id":"a"}'
    )
    assert same_content(one, again)
    assert same_content(parse('{"id":"a"}'), parse('{"id":"a","meta":{"versionId":"1"}}'))
    for other in ('{"id":"a","x":[2.50,1],"meta":{"profile":["p"]}}', '{"id":"a","x":[1,2.50],"meta":{"profile":[]}}'):
        assert not same_content(one, parse(other))
