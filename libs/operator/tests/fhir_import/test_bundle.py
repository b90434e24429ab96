"""Bundles are read one by one; what is none says why."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from quill_operator.fhir_import.bundle import Bundle, Unreadable, files_of, read

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
        read(file)


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        read(tmp_path / "missing.json")


def test_a_bundle_without_entries_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "empty.json"
    file.write_bytes(b'{"resourceType": "Bundle"}')
    assert read(file).patients == []


def test_entries_keep_their_index_and_others_are_passed_over(tmp_path: Path) -> None:
    observation = {"resource": {"resourceType": "Observation"}}
    deletion = {"request": {"method": "DELETE", "url": "Patient/x"}}
    note = {"resourceType": "DocumentReference", "id": "d-1"}
    bundle = read(_bundle(tmp_path, observation, {"resource": PATIENT}, deletion, {"resource": note}))
    assert bundle.patients == [(1, PATIENT)]
    assert bundle.notes == [(3, note)]
    assert bundle.refusals == []


@pytest.mark.parametrize("entry", [None, 5, {}, {"resource": 5}, {"resource": {}}, {"resource": {"resourceType": 5}}])
def test_an_entry_without_a_resource_is_refused_with_its_index(tmp_path: Path, entry: Any) -> None:
    bundle = read(_bundle(tmp_path, {"resource": PATIENT}, entry))
    assert [(refusal.index, refusal.reason) for refusal in bundle.refusals] == [(1, "holds no resource")]
    assert len(bundle.patients) == 1


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
    entries = ({"fullUrl": "urn:uuid:1", "resource": PATIENT}, {"fullUrl": "urn:uuid:2", "resource": other})
    assert read(_bundle(tmp_path, *entries)).patient_id(reference) == patient_id


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
    bundle = Bundle(Path("b.json"))
    bundle.add(0, {"resource": {"resourceType": "Practitioner", "id": "d", "name": name}})
    assert bundle.name("Practitioner/d") == shown


def test_folders_are_searched_for_json_files_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "sub/c.json", "note.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(file.relative_to(tmp_path)) for file in files_of([tmp_path, tmp_path / "note.txt"])]
    assert found == ["a.json", "b.json", "sub/c.json", "note.txt"]
