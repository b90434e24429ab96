"""JSON Patch: what it is, what it may make, and that it is no way to make much of little."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quill_common.fhir.json_text import parse, serialise
from quill_common.testing.kit import ServiceKit
from quill_patients.fhir_api.outcomes import NotFhir
from quill_patients.fhir_api.patching import MAX_OPERATIONS, patched, require_patch

from .conftest import Door, outcome

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
POINTERS = st.sampled_from(
    ["", "/", "/a", "/a/0", "/a/-", "/a/1/b", "/x", "/~", "/~0", "no", "/a/00", "/b/c/d"]
) | st.text(max_size=6)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "append", "x"]) | VALUES,
        "path": POINTERS | VALUES,
        "from": POINTERS | VALUES,
        "value": VALUES,
    },
)


@given(st.lists(OPERATIONS, max_size=6) | VALUES)
@settings(max_examples=300, deadline=None)
def test_any_document_gives_a_value_or_a_refusal(document: Any) -> None:
    document = parse(serialise(document)) if _fits(document) else []
    resource = parse('{"a": [1, {"b": 2.50}], "b": {"c": null}}')
    try:
        require_patch(document)
        serialise(patched(resource, document))
    except NotFhir:
        return


def _fits(document: Any) -> bool:
    try:
        serialise(document)
    except TypeError:
        return False  # integers beyond 64 bits: `parse` gives those as fragments
    return True


def test_numbers_are_compared_as_numbers_and_kept_as_digits() -> None:
    resource = parse('{"a": 1.10, "b": 123456789012345678901234567890, "c": 1, "d": true}')
    tests = (
        '[{"op":"test","path":"/a","value":1.1},{"op":"test","path":"/b","value":123456789012345678901234567890},'
        '{"op":"test","path":"/c","value":1.0},{"op":"copy","from":"/a","path":"/e"}]'
    )
    assert (
        serialise(patched(resource, parse(tests)))
        == '{"a":1.10,"b":123456789012345678901234567890,"c":1,"d":true,"e":1.10}'
    )
    with pytest.raises(NotFhir, match="the test failed"):
        patched(resource, parse('[{"op":"test","path":"/d","value":1}]'))


def test_a_patch_can_be_applied_twice() -> None:
    document = parse(
        '[{"op":"add","path":"/a","value":{}},{"op":"add","path":"/a/b","value":1},{"op":"test","path":"/a","value":{"b":1}}]'
    )
    for _ in range(2):
        assert patched({}, document) == {"a": {"b": 1}}
    assert document[0]["value"] == {}


def test_a_patch_cannot_swell() -> None:
    doubling = [{"op": "add", "path": "/a", "value": ["x" * 1000]}] + [
        {"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(50)
    ]
    with pytest.raises(NotFhir, match=r"too large|nested too deeply"):
        patched({}, doubling)
    with pytest.raises(NotFhir, match="at most"):
        require_patch([{"op": "remove", "path": "/a"}] * (MAX_OPERATIONS + 1))


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ({}, 400),
        ([{"op": "add"}], 400),
        ([{"op": "dance", "path": "/a"}], 400),
        ([{"op": "remove", "path": "/photo"}], 422),
        ([{"op": "test", "path": "/name/0/family", "value": "Fenn"}], 422),
        ([{"op": "add", "path": "/gender", "value": "f"}], 422),
        ([{"op": "replace", "path": "", "value": []}], 422),
        ([{"op": "remove", "path": "/resourceType"}], 422),
        ([{"op": "remove", "path": "/id"}], 422),
        ([{"op": "replace", "path": "/id", "value": "p-2"}], 422),
        ([{"op": "replace", "path": "/resourceType", "value": "Group"}], 422),
        ([{"op": "replace", "path": "", "value": {"resourceType": "Patient", "id": "p-2"}}], 422),
        ([{"op": "replace", "path": "", "value": {"resourceType": "Group", "id": "p-1"}}], 422),
        ([{"op": "replace", "path": "", "value": {"resourceType": "Patient"}}], 422),
    ],
)
async def test_a_bad_patch_changes_nothing(
    kit: ServiceKit, door: Door, keep_patient: Any, patch: Any, status: int
) -> None:
    for patient_id in ("p-1", "p-2"):
        await keep_patient(patient_id, 7)
    admin = await kit.admin()
    before = (await door(admin, "GET", "Patient/p-1")).content
    assert outcome(await door(admin, "PATCH", "Patient/p-1", patch))[0] == status
    assert (await door(admin, "GET", "Patient/p-1")).content == before
    assert await kit.published() == []


async def test_the_avatar_is_not_patched(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    patch = [
        {"op": "replace", "path": "/extension/0/valueInteger", "value": 3},
        {"op": "add", "path": "/gender", "value": "male"},
    ]
    after = (await door(await kit.admin(), "PATCH", "Patient/p-1", patch)).json()
    assert (after["extension"][0]["valueInteger"], after["gender"]) == (17, "male")


async def test_a_whole_document_sets_nothing_that_is_the_stores(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    meta = {"versionId": "99", "lastUpdated": "1999-01-01T00:00:00Z"}
    avatar = {"url": "urn:quillmedical:avatar-gradient", "valueInteger": 3}
    value = {"resourceType": "Patient", "id": "p-1", "meta": meta, "extension": [avatar], "gender": "male"}
    answer = await door(await kit.clinician(7), "PATCH", "Patient/p-1", [{"op": "add", "path": "", "value": value}])
    after = answer.json()
    assert (after["meta"]["versionId"], after["gender"], "name" in after) == ("2", "male", False)
    assert not after["meta"]["lastUpdated"].startswith("1999")
    assert after["extension"] == [{**avatar, "valueInteger": 17}]
