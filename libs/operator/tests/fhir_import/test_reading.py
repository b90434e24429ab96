"""Files are read entry by entry; what is none says why, and references are remembered."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from quill_operator.fhir_import.reading import Bad, Entry, Unreadable, entries, files_of
from quill_operator.fhir_import.references import References

PATIENT = {"resourceType": "Patient", "id": "p-1"}


def _bundle(tmp_path: Path, *entries: Any) -> Path:
    file = tmp_path / "bundle.json"
    file.write_bytes(orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    return file


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b'{"resourceType": "Bundle", "entry": [', "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[]", "is not a FHIR Bundle"),
        (b'{"resourceType": "Patient"}', "is not a FHIR Bundle"),
        (b'{"resourceType": "Bundle", "entry": {}}', "has no array of entries"),
    ],
)
def test_a_file_that_is_no_bundle_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        list(entries(file))


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        list(entries(tmp_path / "missing.json"))


def test_a_bundle_without_entries_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "empty.json"
    file.write_bytes(b'{"resourceType": "Bundle"}')
    assert list(entries(file)) == []


def test_entries_keep_their_index_and_others_are_passed_over(tmp_path: Path) -> None:
    observation = {"resource": {"resourceType": "Observation"}}
    deletion = {"request": {"method": "DELETE", "url": "Patient/x"}}
    note = {"resourceType": "DocumentReference", "id": "d-1"}
    file = _bundle(tmp_path, observation, {"resource": PATIENT}, deletion, {"resource": note})
    found = [(entry.index, entry.resource) for entry in entries(file) if isinstance(entry, Entry)]
    assert found == [(0, observation["resource"]), (1, PATIENT), (3, note)]


@pytest.mark.parametrize("entry", [None, 5, {}, {"resource": 5}, {"resource": {}}, {"resource": {"resourceType": 5}}])
def test_an_entry_without_a_resource_is_refused_with_its_index(tmp_path: Path, entry: Any) -> None:
    file = _bundle(tmp_path, {"resource": PATIENT}, entry)
    assert list(entries(file)) == [Entry(file, 0, PATIENT, None), Bad(file, 1, "holds no resource")]


@pytest.mark.parametrize(
    ("reference", "patient_id"),
    [
        ("urn:uuid:1", "p-1"),
        ("Patient/p-1", "p-1"),
        ("Patient/elsewhere", "elsewhere"),
        ("https://fhir.example.org/r4/Patient/p-9", None),
        ("urn:uuid:1/_history/3", "p-1"),
        ("Patient/p-1/_history/3", "p-1"),
        ("urn:uuid:2", None),
        ("urn:uuid:unknown", None),
        ("Practitioner/d", None),
        ("Patient?identifier=x", None),
        ("Patient/a b", None),
        (None, None),
    ],
)
def test_a_reference_is_resolved_in_the_bundle_first(
    tmp_path: Path, reference: str | None, patient_id: str | None
) -> None:
    other = {"resourceType": "Group", "id": "g"}
    given = ({"fullUrl": "urn:uuid:1", "resource": PATIENT}, {"fullUrl": "urn:uuid:2", "resource": other})
    known = References()
    for entry in entries(_bundle(tmp_path, *given)):
        assert isinstance(entry, Entry)
        known.add(entry)
    assert known.patient_id(reference) == patient_id


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ([{"given": 5, "family": "Fenn"}], "Fenn"),
        ([{"given": ["Ann", 5, None, {}], "prefix": "Dr"}], "Dr Ann"),
        ([{"text": 5, "family": ["Fenn"]}], "Fenn"),
        ([{"text": "half \ud800", "family": "nul \x00"}], None),
        ([5], None),
        (5, None),
        ("", None),
    ],
)
def test_a_name_that_is_not_valid_gives_what_is_text_of_it(name: Any, shown: str | None) -> None:
    known = References()
    known.add(Entry(Path("b.json"), 0, {"resourceType": "Practitioner", "id": "d", "name": name}, None))
    assert known.name("Practitioner/d") == shown


def test_folders_are_searched_for_json_files_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "sub/c.json", "d.ndjson", "note.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(file.relative_to(tmp_path)) for file in files_of([tmp_path, tmp_path / "note.txt"])]
    assert found == ["a.json", "b.json", "d.ndjson", "sub/c.json", "note.txt"]


@pytest.mark.parametrize("resource_type", ["Bundle", "Parameters"])
def test_what_a_file_is_may_stand_at_its_end(tmp_path: Path, resource_type: str) -> None:
    file = tmp_path / "b.json"
    file.write_bytes(
        b'{"entry": [{"resource": {"resourceType": "Patient"}}], "resourceType": "%s"}' % resource_type.encode()
    )
    if resource_type == "Bundle":
        assert len(list(entries(file))) == 1
    else:
        with pytest.raises(Unreadable, match="is not a FHIR Bundle"):
            list(entries(file))


def test_each_line_of_ndjson_is_a_resource_and_a_broken_one_does_not_hinder_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "Patient.ndjson"
    file.write_bytes(orjson.dumps(PATIENT) + b"\n\n{\n5\n" + orjson.dumps(PATIENT))
    found = list(entries(file))
    assert [entry.index for entry in found] == [0, 2, 3, 4]
    assert [entry.reason[:11] for entry in found if isinstance(entry, Bad)] == ["is not JSON", "holds no re"]


def test_of_two_resources_with_one_address_the_later_counts() -> None:
    known = References()
    for name in ("First", "Second"):
        known.add(Entry(Path("b.json"), 0, {"resourceType": "Organization", "id": "o", "name": name}, "urn:uuid:1"))
    assert (known.name("urn:uuid:1"), known.name("Organization/o")) == ("Second", "Second")
